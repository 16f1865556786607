"""Builds the bento of a release: the service's code and that one model, under one tag.

The same release and the same code are the same bento, so what is there and whole is used again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from titanic_assets.releasing import BENTO_NAME
from titanic_assets.releasing.context import BuildContext, copy_context
from titanic_assets.revision import code_revision
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.surroundings import MARK, NO_TELEMETRY, child_environment
from titanic_assets.tracking.locking import held
from titanic_model.labels import labels_of
from titanic_model.published import holds, release_name
from titanic_model.release import read_release

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

    @property
    def tag(self) -> str:
        """What `bentoml serve` and `bentoml containerize` call it."""
        return f"{BENTO_NAME}:{self.version}"


def build_bento(release: Path, settings: Settings, checkout: Path = CHECKOUT) -> Bento:
    """The bento of the release in that directory, built unless it is in BentoML's store.

    It appears there whole or not at all. Raises `NotBuilt` with what `bentoml build` said.
    """
    content = read_release(release)
    store = settings.places.bentoml
    scratch = store / "unfinished"
    with held(store / ".lock"):
        shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
        try:
            context = copy_context(checkout, scratch / "context")
            digest = context.digest
            name = release_name(content)
            version = f"{name}-{digest[:_CODE_DIGITS]}"
            bento = Bento(
                version,
                folder=store / "bentos" / BENTO_NAME / version,
                model=store / "models" / BENTO_NAME / name,
                labels={
                    **labels_of(content),
                    "service_digest": digest,
                    "service_revision": code_revision(checkout),
                },
                reused=True,
            )
            if _is_whole(bento, context) and holds(bento.model, content):
                return bento
            built = scratch / "home"
            _build(release, bento, context, built, settings)
            if not holds(bento.model, content):
                _move(built / "models" / BENTO_NAME / name, bento.model)
            _move(built / "bentos" / BENTO_NAME / version, bento.folder)
            return replace(bento, reused=False)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _build(
    release: Path, bento: Bento, context: BuildContext, home: Path, settings: Settings
) -> None:
    # A relative path: the bento keeps its arguments, and this machine's paths are not its business.
    shutil.copytree(release, context.folder / "release" / bento.model.name)
    home.mkdir()
    # What is set for the running service is not for the bento, and the code is the context's.
    surroundings = child_environment(os.environ, {}, settings)
    environment = {
        **{name: value for name, value in surroundings.items() if name in _NEEDED},
        **NO_TELEMETRY,
        "BENTOML_HOME": str(home),
    }
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


def _is_whole(bento: Bento, context: BuildContext) -> bool:
    """Whether the bento is there with every file of the context as it is."""
    sources = bento.folder / "src"
    try:
        return (bento.folder / "bento.yaml").is_file() and all(
            (sources / path).read_bytes() == (context.folder / path).read_bytes()
            for path in context.packed
        )
    except OSError:
        return False


def _move(built: Path, place: Path) -> None:
    """Put what was built into its place, and remember it as the latest of its kind."""
    built.chmod(0o755)  # in a container any user is to read it
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(place, ignore_errors=True)
    os.replace(built, place)
    (place.parent / "latest").write_text(place.name)
