"""Makes the image of a bento: `bentoml containerize`, then what runs of it, labelled and listed.

The image has the bento's tag, and has it only when it is whole.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from titanic_assets.releasing.bentos import bentoml_environment
from titanic_assets.releasing.image import inside
from titanic_assets.releasing.image.engine import Engine, EngineFailed, Image, failure
from titanic_assets.releasing.image.kept import keep_sbom
from titanic_assets.releasing.image.labels import oci_labels
from titanic_assets.releasing.image.recipe import listed, slimmed
from titanic_assets.releasing.image.sbom import bill_of_materials
from titanic_assets.releasing.image.stored import StoredBento, stored_bento
from titanic_assets.settings import Settings
from titanic_assets.tracking.locking import held

_INSIDE = Path(inside.__file__).parent
_BUILT_WITHIN_SECONDS = 1800


@dataclass(frozen=True)
class BuiltImage:
    """An image, and the file beside it with its bill of materials."""

    tag: str
    engine: Engine
    image: Image
    bento: StoredBento
    sbom: Path


def build_image(
    tag: str, settings: Settings, engine: Engine, say: Callable[[str], None]
) -> BuiltImage:
    """Build the image of the bento of that tag. Raises `NoBento` or `EngineFailed`."""
    bento = stored_bento(tag, settings)
    installed, slim = f"{tag}-installed", f"{tag}-slim"
    with held(settings.places.bentoml / ".image.lock"), TemporaryDirectory() as scratch:
        try:
            say(f"{engine.name} installs what {tag} needs")
            _containerize(bento, installed, settings, engine)
            say("leaving out what only installing took")
            _build_slim(slim, installed, bento, engine, Path(scratch, "slim"))
            say("listing what is in it")
            created = datetime.now(UTC)
            sbom = bill_of_materials(_inventory(slim, engine), tag, bento.release, created)
            labels = oci_labels(bento.labels, tag.partition(":")[2], created)
            _build_listed(tag, slim, sbom, labels, engine, Path(scratch, "listed"))
        finally:
            for unfinished in (slim, installed):
                engine.forget(unfinished)
        image = engine.image(tag)
    if image is None:
        raise EngineFailed(f"{engine.name} has built {tag} and does not know it")
    return BuiltImage(tag, engine, image, bento, keep_sbom(sbom, tag, settings))


def _containerize(bento: StoredBento, tag: str, settings: Settings, engine: Engine) -> None:
    command = [
        sys.executable, "-m", "bentoml", "containerize", bento.tag,
        "--backend", engine.name, "--image-tag", tag,
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - BentoML's own program
            command,
            env=bentoml_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_BUILT_WITHIN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineFailed(f"bentoml containerize took over {_BUILT_WITHIN_SECONDS} s") from None
    if done.returncode != 0:
        raise EngineFailed(failure("bentoml containerize", done.returncode, done.stdout))


def _build_slim(
    tag: str, installed: str, bento: StoredBento, engine: Engine, context: Path
) -> None:
    image = engine.image(installed)
    if image is None:
        raise EngineFailed(f"bentoml containerize has not made {installed}")
    context.mkdir()
    shutil.copy(_INSIDE / "slim.py", context)
    (context / "Dockerfile").write_text(slimmed(installed, image, bento.base_image))
    engine.build(context, tag)


def _inventory(tag: str, engine: Engine) -> dict[str, object]:
    program = (_INSIDE / "inventory.py").read_bytes()
    said = engine.run(
        "run", "--rm", "--interactive", "--network=none", "--read-only", "--cap-drop=all",
        "--entrypoint=python", tag, "-",
        stdin=program, within=120,
    )  # fmt: skip
    found: dict[str, object] = json.loads(said)
    return found


def _build_listed(
    tag: str, slim: str, sbom: bytes, labels: Mapping[str, str], engine: Engine, context: Path
) -> None:
    context.mkdir()
    (context / "sbom.json").write_bytes(sbom)
    (context / "Dockerfile").write_text(listed(slim, labels))
    engine.build(context, tag)
