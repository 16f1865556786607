"""A bento in BentoML's store, read from what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from titanic_assets.releasing import BENTO_NAME
from titanic_assets.settings import Settings
from titanic_model.labels import labels_of
from titanic_model.published import read_current
from titanic_model.release import BrokenRelease, Release, read_release


class NoBento(RuntimeError):
    """A bento that is not in BentoML's store, or is not one of ours."""


@dataclass(frozen=True)
class StoredBento:
    """What an image of it needs to know."""

    tag: str
    labels: Mapping[str, str]
    base_image: str
    release: Release


def stored_bento(tag: str, settings: Settings) -> StoredBento:
    """The bento of that tag. Raises `NoBento`."""
    name, _, version = tag.partition(":")
    store = settings.places.bentoml
    try:
        described = yaml.safe_load((store / "bentos" / name / version / "bento.yaml").read_text())
        models = [model["tag"] for part in described["services"] for model in part["models"]]
        (model,) = (model for model in models if model.startswith(f"{BENTO_NAME}:"))
        folder = store / "models" / BENTO_NAME / model.partition(":")[2]
        release = _release_in(folder)
        # One that was built by hand has no labels, and its release knows most of them.
        labels = {**labels_of(release), **described["labels"]}
        return StoredBento(tag, labels, described["image"]["base_image"], release)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise NoBento(
            f"{tag} is not a whole bento in {store} ({error}): `make bento` builds the champion's"
        ) from error


def _release_in(folder: Path) -> Release:
    current = read_current(folder)
    if current is None:
        raise BrokenRelease(f"no release is in {folder}")
    return read_release(folder / current.champion)
