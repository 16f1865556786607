"""How a bento carries its release: as a model of BentoML's, a folder of releases that holds one.

`bentoml build` packs what is live in TITANIC_HOME, or `--arg release=<directory>`, and pins the
bento to it; inside the bento the folder is found again. What is served of it is not decided here.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import bentoml
from bentoml.exceptions import BentoMLException
from bentoml.models import BentoModel
from pydantic import BaseModel

from titanic_model.labels import labels_of
from titanic_model.places import Places
from titanic_model.published import (
    CURRENT,
    Current,
    holds,
    publish_release,
    read_current,
    release_name,
    write_current,
)
from titanic_model.release import BrokenRelease, Release, read_release
from titanic_model.scorer import UnusableModel

if TYPE_CHECKING:
    from _bentoml_sdk import Service
    from bentoml._internal.bento.bento import BentoModelInfo

MODEL_NAME = "titanic_survival"
_CHECKOUT = Path(__file__).resolve().parent.parent


class NothingToPack(BentoMLException):
    """There is no release that a bento could carry."""


class BuildArguments(BaseModel):
    """What `bentoml build --arg` takes: the directory of the release, instead of the live one."""

    release: Path | None = None


class PackedRelease(BentoModel):  # type: ignore[misc] # its module gives it no type
    """The release of a service, as its class attribute. Nothing is looked up before it is asked."""

    def to_info(self, alias: str | None = None) -> BentoModelInfo:
        """Called by `bentoml build`: put the release into BentoML's store and name it exactly."""
        release = _release_to_pack()
        try:
            release.scorer()  # a bento that could not serve its own release is not worth building
            packed = pack(release, *_store())
        except (BrokenRelease, UnusableModel) as error:
            raise NothingToPack(str(error)) from error
        info: BentoModelInfo = BentoModel(f"{MODEL_NAME}:{packed.name}").to_info(alias)
        return info

    def resolve(self, *_: Any, **__: Any) -> Any:
        """Called when the service is served without a bento: there is nothing to fetch."""
        return _live_folder()


def packed_release_folder(service: Service[Any]) -> Path | None:
    """The folder of releases that the service has when it follows no other one.

    That is the one in its bento; without a bento what is live in TITANIC_HOME, or None.
    """
    if service.bento is None:
        folder = _live_folder()
        return folder if (folder / CURRENT).exists() else None
    tags = [model.tag for model in service.bento.info.all_models if model.tag.name == MODEL_NAME]
    # A bento that left its store, in a container say, has its models within.
    stores = (Path(service.bento.path_of("models")), _store()[0])
    folders = [Path(store, tag.path()) for tag in tags for store in stores]
    for folder in folders:
        if (folder / CURRENT).exists():
            return folder
    raise NothingToPack(
        f"the release of {service.bento.tag} is neither in it nor in {stores[1]}: build the bento "
        "again, or export it anew where it was built"
    )


def pack(release: Release, models: Path, scratch: Path) -> Path:
    """Put a release into a store of models, whole or not at all; returns the model's folder.

    `scratch` is a folder on the same file system. What is there already is looked at, and made
    anew if it is not what it should be.
    """
    name = release_name(release)
    folder = models / MODEL_NAME / name
    if _is_packed(folder, release):
        return folder
    from bentoml._internal.models import ModelStore

    with TemporaryDirectory(dir=scratch) as unfinished:
        store = ModelStore(unfinished)
        with bentoml.models.create(
            f"{MODEL_NAME}:{name}", labels=labels_of(release), _model_store=store
        ) as model:
            publish_release(release, Path(model.path))
            write_current(Path(model.path), Current(name))
        made = Path(unfinished) / MODEL_NAME / name
        made.chmod(0o755)  # in a container any user is to read it
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            os.replace(made, folder)
        except OSError:
            if not _is_packed(folder, release):  # else another build was quicker
                raise
    (folder.parent / "latest").write_text(name)
    return folder


def _release_to_pack() -> Release:
    """The release that was asked for, or the live one."""
    directory = bentoml.use_arguments(BuildArguments).release
    try:
        if directory is not None:
            return read_release(directory)
        releases = _live_folder()
        current = read_current(releases)
        if current is not None:
            return read_release(releases / current.champion)
    except BrokenRelease as error:
        raise NothingToPack(str(error)) from error
    raise NothingToPack(
        f"no release is live in {releases}: `make run` trains and publishes one; or set "
        "TITANIC_HOME to where it did, or name a release by --arg release=<directory>"
    )


def _is_packed(folder: Path, release: Release) -> bool:
    return holds(folder, release) and (folder / "model.yaml").is_file()


def _live_folder() -> Path:
    home = os.environ.get("TITANIC_HOME") or _CHECKOUT / ".titanic"
    return Places(Path(home).expanduser().resolve()).releases


def _store() -> tuple[Path, Path]:
    """BentoML's models, and its folder for what is not finished."""
    from bentoml._internal.configuration.containers import BentoMLContainer

    return (
        Path(BentoMLContainer.model_store_dir.get()),
        Path(BentoMLContainer.tmp_bento_store_dir.get()),
    )
