"""Builds the bento of a release: the service's code and that one model, under one tag.

The same release and the same code are the same bento, so what is there and whole is used again.
A new one enters BentoML's store when it has proved itself, so what is there is good.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from titanic_assets.releasing import BENTO_NAME
from titanic_assets.releasing.context import BuildContext, copy_context
from titanic_assets.releasing.proving import prove
from titanic_assets.releasing.scratch import in_plain_sight, scratch_in
from titanic_assets.releasing.store import mend_latest, put
from titanic_assets.revision import code_revision
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.surroundings import MARK, NO_TELEMETRY, child_environment
from titanic_assets.tracking.locking import held
from titanic_model.labels import labels_of
from titanic_model.published import holds, release_name
from titanic_model.release import Release, read_release

_CODE_DIGITS = 8
_NEEDED = {"HOME", "LANG", "PATH", "TMPDIR", MARK}
_BUILT_WITHIN_SECONDS = 300
_LAST_LINES = 15


class NotBuilt(RuntimeError):
    """`bentoml build` did not make a bento."""


@dataclass(frozen=True)
class Bento:
    """A bento in BentoML's store."""

    version: str
    folder: Path
    # The folder of the release that it carries, in BentoML's store of models.
    model: Path
    labels: Mapping[str, str]
    reused: bool
    # Seconds that building it and proving it took; none where it was there.
    building: float = 0.0
    proving: float = 0.0

    @property
    def tag(self) -> str:
        """What `bentoml serve` and `bentoml containerize` call it."""
        return f"{BENTO_NAME}:{self.version}"

    @property
    def size(self) -> int:
        """Bytes of it and its model."""
        files = (*self.folder.rglob("*"), *self.model.rglob("*"))
        return sum(file.stat().st_size for file in files if file.is_file())


def build_bento(release: Path, settings: Settings, checkout: Path = CHECKOUT) -> Bento:
    """The bento of the release in that directory, built unless it is in BentoML's store.

    It appears there whole and proven, or not at all. Raises `NotBuilt` with what `bentoml build`
    said, or `NotProven` with what the bento did wrong.
    """
    content = read_release(release)
    store = settings.places.bentoml
    with (
        held(store / ".lock"),
        scratch_in(store) as scratch,
        in_plain_sight(scratch) as sources,
    ):
        context = copy_context(checkout, sources)
        bento = _bento_of(content, context, store, checkout)
        if found := _as_built(bento, context, content):
            for place in (bento.model, bento.folder):
                mend_latest(place.parent)  # somebody may have been killed before writing it
            return found
        home = scratch / "home"
        environment = _clean_environment(settings, home)
        began = time.monotonic()
        _build(release, bento, context, environment)
        built = time.monotonic()
        prove(bento.tag, content, environment, scratch)
        proven = time.monotonic()
        # The model first: a bento without it would be half of one.
        if not holds(bento.model, content):
            put(home / bento.model.relative_to(store), bento.model, scratch)
        put(home / bento.folder.relative_to(store), bento.folder, scratch)
        return replace(bento, reused=False, building=built - began, proving=proven - built)


def find_bento(release: Path, settings: Settings, checkout: Path = CHECKOUT) -> Bento | None:
    """The bento of that release and this code, if it is in BentoML's store and whole."""
    content = read_release(release)
    with TemporaryDirectory(prefix="context-") as folder:
        context = copy_context(checkout, Path(folder))
        bento = _bento_of(content, context, settings.places.bentoml, checkout)
        return _as_built(bento, context, content)


def _bento_of(release: Release, context: BuildContext, store: Path, checkout: Path) -> Bento:
    """What the bento of this release and this code is called, and where it is to be."""
    digest = context.digest
    name = release_name(release)
    version = f"{name}-{digest[:_CODE_DIGITS]}"
    return Bento(
        version,
        folder=store / "bentos" / BENTO_NAME / version,
        model=store / "models" / BENTO_NAME / name,
        labels={
            **labels_of(release),
            "service_digest": digest,
            "service_revision": code_revision(checkout),
        },
        reused=True,
    )


def _clean_environment(settings: Settings, home: Path) -> dict[str, str]:
    """What is set for the running service is not for the bento, and the code is the context's."""
    surroundings = child_environment(os.environ, {}, settings)
    return {
        **{name: value for name, value in surroundings.items() if name in _NEEDED},
        **NO_TELEMETRY,
        "BENTOML_HOME": str(home),
    }


def _build(
    release: Path, bento: Bento, context: BuildContext, environment: Mapping[str, str]
) -> None:
    # A relative path: the bento keeps its arguments, and this machine's paths are not its business.
    shutil.copytree(release, context.folder / "release" / bento.model.name)
    Path(environment["BENTOML_HOME"]).mkdir()
    command = [
        sys.executable, "-m", "bentoml", "build", ".", "--output", "tag",
        "--version", bento.version, "--arg", f"release=release/{bento.model.name}",
    ]  # fmt: skip
    for name, value in bento.labels.items():
        command += ["--label", f"{name}={value}"]
    try:
        done = subprocess.run(  # noqa: S603 - BentoML's own program
            command,
            cwd=context.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_BUILT_WITHIN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotBuilt(f"bentoml build took over {_BUILT_WITHIN_SECONDS} s and was ended") from None
    if done.returncode != 0:
        said = "\n".join(done.stdout.decode(errors="replace").splitlines()[-_LAST_LINES:])
        raise NotBuilt(f"bentoml build of {bento.tag} ended with code {done.returncode}:\n{said}")


def _as_built(bento: Bento, context: BuildContext, release: Release) -> Bento | None:
    """It as it is there, if it is: with every file of the context and its release as they are.

    Its labels are those of the day: the same code may have another revision by now.
    """
    sources = bento.folder / "src"
    try:
        labels = dict(yaml.safe_load((bento.folder / "bento.yaml").read_bytes())["labels"])
        whole = all(
            (sources / path).read_bytes() == (context.folder / path).read_bytes()
            for path in context.packed
        )
    except (OSError, TypeError, KeyError, ValueError, yaml.YAMLError):
        return None
    return replace(bento, labels=labels) if whole and holds(bento.model, release) else None
