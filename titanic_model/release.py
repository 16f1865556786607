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
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
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
# What bentos are called; of which version says the release's name and the digits of their code.
_BENTO = "titanic_survival"

_Content = TypeVar("_Content")


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
                f"{metadata.feature_version}, this code derives version {FEATURE_VERSION}: "
                f"{_way_out(metadata.version, self.digest)}"
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
            f"the release in {place} has layout {layout} and this code knows {_LAYOUT}: "
            f"{_way_out(_version_in(files[METADATA]), _digest(files[MANIFEST]))}"
        )
    for name in FILES[:-1]:
        if _digest(files[name]) != digests.get(name):
            raise BrokenRelease(
                f"{name} in {place} is not the file that was released (its digest differs from "
                "the manifest): fetch the release again"
            )

    def read(name: str, reader: Callable[[str], _Content]) -> _Content:
        try:
            return reader(files[name].decode())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BrokenRelease(
                f"{name} in {place} is not as this code knows it ({error}): "
                f"{_way_out(_version_in(files[METADATA]), _digest(files[MANIFEST]))}"
            ) from error

    return Release(
        model=files[MODEL],
        metadata=read(METADATA, _metadata_from),
        reference=read(REFERENCE, Reference.from_json),
        golden=read(GOLDEN, _golden_from),
    )


def _metadata_from(text: str) -> ReleaseMetadata:
    metadata = json.loads(text)
    parts: dict[str, Callable[[Any], Any]] = {
        "provenance": lambda content: _made(Provenance, content),
        "feature_names": tuple,
    }
    return _made(
        ReleaseMetadata,
        {name: parts[name](value) if name in parts else value for name, value in metadata.items()},
    )


def _golden_from(text: str) -> tuple[GoldenRow, ...]:
    return tuple(_made(GoldenRow, row) for row in json.loads(text))


def _made(kind: Callable[..., _Content], content: Mapping[str, Any]) -> _Content:
    """One of that kind. It may lack what has a default since; what is new may mean anything."""
    known = {field.name: field.default is MISSING for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(content.keys() - known):
        raise TypeError(f"it has {', '.join(unknown)}, which this code does not know")
    if lacking := [name for name, needed in known.items() if needed and name not in content]:
        raise TypeError(f"it has no {', '.join(lacking)}")
    return kind(**content)


def _version_in(metadata: bytes) -> str:
    """The version in metadata that are perhaps not written as this code knows them."""
    try:
        version = json.loads(metadata)["version"]
    except (KeyError, TypeError, ValueError):
        return ""
    return version if isinstance(version, str) else ""


def _way_out(version: str, digest: str) -> str:
    """What to do with a release that this code cannot serve."""
    advice = "restart with the bento that was built for it"
    # Bentos are built of releases with a number only.
    return f"{advice}, {_BENTO}:{version}-{digest[:12]}-…" if version.isdecimal() else advice


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
