"""A release: one model version as a directory, and the proof that nothing in it has changed.

    model.onnx       the model
    metadata.json    which version of what, made of what
    reference.json   what it was trained on, for drift
    golden.json      passengers with the probabilities they have to get
    manifest.json    the digest of each of these files

The same content makes the same bytes. Reading needs numpy and ONNX Runtime only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from titanic_model.features import FEATURE_VERSION, FEATURES
from titanic_model.golden import TOLERANCE, GoldenRow, largest_deviation
from titanic_model.reference import Reference
from titanic_model.scorer import Scorer

MODEL, METADATA, REFERENCE, GOLDEN, MANIFEST = (
    "model.onnx",
    "metadata.json",
    "reference.json",
    "golden.json",
    "manifest.json",
)
FILES = (MODEL, METADATA, REFERENCE, GOLDEN, MANIFEST)

# Raised whenever older code could not read what is written here.
_LAYOUT = 1


class BrokenRelease(ValueError):
    """A release directory that must not be served, and why."""


@dataclass(frozen=True)
class Provenance:
    """What a model was made of, and by which run."""

    data_fingerprint: str
    code_revision: str
    dagster_run_id: str = ""
    mlflow_run_id: str = ""


@dataclass(frozen=True)
class ReleaseMetadata:
    """Which model this is. `version` is the registry's number, empty before it has one."""

    version: str
    family: str
    parameters: Mapping[str, int | float | str]
    imbalance: str
    figures: Mapping[str, float]
    provenance: Provenance
    feature_version: int = FEATURE_VERSION
    feature_names: tuple[str, ...] = FEATURES


@dataclass(frozen=True)
class Release:
    """Everything that serving needs of one model version."""

    model: bytes
    metadata: ReleaseMetadata
    reference: Reference
    golden: tuple[GoldenRow, ...]

    @cached_property
    def model_digest(self) -> str:
        """The identity of the model itself, whatever run made it."""
        return _digest(self.model)

    @cached_property
    def digest(self) -> str:
        """The identity of the whole release."""
        return _digest(self.files()[MANIFEST])

    def files(self) -> dict[str, bytes]:
        """The release as files, the manifest last."""
        golden = [asdict(row) for row in self.golden]
        files = {
            MODEL: self.model,
            METADATA: _json(asdict(self.metadata)),
            REFERENCE: self.reference.to_json().encode(),
            GOLDEN: _json(golden),
        }
        digests = {name: _digest(content) for name, content in files.items()}
        return {**files, MANIFEST: _json({"layout": _LAYOUT, "sha256": digests})}

    def scorer(self) -> Scorer:
        """The model loaded, after it has shown that it fits this code and computes as it did."""
        metadata = self.metadata
        if metadata.feature_version != FEATURE_VERSION or metadata.feature_names != FEATURES:
            raise BrokenRelease(
                f"release {metadata.version or '(no version)'} reads features of version "
                f"{metadata.feature_version}, this code derives version {FEATURE_VERSION}: serve "
                "it with the bento that was built for it"
            )
        scorer = Scorer(self.model)
        deviation = largest_deviation(scorer, self.golden)
        if not deviation <= TOLERANCE:
            raise BrokenRelease(
                f"release {metadata.version or '(no version)'} answers the golden passengers with "
                f"probabilities up to {deviation:.2g} off (at most {TOLERANCE:g} is allowed): this "
                "code derives other features, or computes otherwise, than when it was trained"
            )
        return scorer


def write_release(release: Release, directory: Path) -> Path:
    """Write a release so that the directory is there as a whole or not at all.

    The same release may be written twice; another one in the same place is refused.
    """
    unfinished = directory.with_name(f".{directory.name}.{uuid4().hex}")
    unfinished.mkdir(parents=True)
    try:
        for name, content in release.files().items():
            (unfinished / name).write_bytes(content)
        os.replace(unfinished, directory)
    except OSError:
        if not directory.is_dir():
            raise
        if read_release(directory).digest != release.digest:
            raise BrokenRelease(
                f"{directory} already holds another release: choose another place"
            ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return directory


def read_release(directory: Path) -> Release:
    """Read a release and check every digest. `Release.scorer` checks what it computes."""
    files = {}
    for name in FILES:
        try:
            files[name] = (directory / name).read_bytes()
        except OSError as error:
            raise BrokenRelease(
                f"{directory} is not a whole release, {name} cannot be read: {error.strerror}"
            ) from error
    return open_release(files, str(directory))


def open_release(files: Mapping[str, bytes], place: str) -> Release:
    """A release from the content of its files, wherever they lie; every digest is checked."""
    try:
        manifest = json.loads(files[MANIFEST])
        layout, digests = manifest["layout"], dict(manifest["sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenRelease(f"{MANIFEST} in {place} is no manifest: {error!r}") from error
    if layout != _LAYOUT:
        raise BrokenRelease(
            f"the release in {place} has layout {layout} and this code knows {_LAYOUT}: it needs "
            "the code that wrote it"
        )
    for name in FILES[:-1]:
        if _digest(files[name]) != digests.get(name):
            raise BrokenRelease(
                f"{name} in {place} is not the file that was released (its digest differs from "
                "the manifest): fetch the release again"
            )
    metadata = json.loads(files[METADATA])
    return Release(
        model=files[MODEL],
        metadata=ReleaseMetadata(
            **{
                **metadata,
                "provenance": Provenance(**metadata["provenance"]),
                "feature_names": tuple(metadata["feature_names"]),
            }
        ),
        reference=Reference.from_json(files[REFERENCE].decode()),
        golden=tuple(GoldenRow(**row) for row in json.loads(files[GOLDEN])),
    )


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
