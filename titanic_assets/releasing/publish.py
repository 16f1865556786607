"""Publishes what the registry's aliases name: releases as directories, and `current.json`.

Whichever version an alias names goes live; whether it should is decided where aliases are moved.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from titanic_assets.tracking.locking import held
from titanic_assets.tracking.registry import ForeignVersion, NoRelease, Registry
from titanic_assets.tracking.versions import ModelVersion
from titanic_model.published import (
    Current,
    publish_release,
    read_current,
    release_name,
    write_current,
)
from titanic_model.release import BrokenRelease, Release, read_release


class NoChampion(RuntimeError):
    """No version has the alias `champion`, so nothing can go live."""


@dataclass(frozen=True)
class Publication:
    """What is live now."""

    current: Current
    champion: ModelVersion
    challenger: ModelVersion | None
    # Whether something else was live before.
    changed: bool
    # Why the version that is challenger could not be published; the champion went live without it.
    challenger_problem: str = ""


def publish(registry: Registry, releases: Path) -> Publication:
    """Make the champion, and the challenger if there is one, the live releases of this folder.

    Nothing is live before all of it is there; doing it again changes nothing.
    """
    with held(releases / ".lock"):
        champion = registry.version_at("champion")
        if champion is None:
            raise NoChampion(
                "no version of the registered model is champion: `make run` trains and promotes "
                "the first one, or point the alias `champion` at a version in MLflow"
            )
        champion_name = _publish_version(registry, champion, releases)
        challenger, challenger_name, problem = None, None, ""
        try:
            challenger = registry.version_at("challenger")
            if challenger is not None and challenger.version != champion.version:
                challenger_name = _publish_version(registry, challenger, releases)
        except (BrokenRelease, ForeignVersion, NoRelease) as error:
            problem = str(error)
        current = Current(champion_name, challenger_name)
        changed = _live(releases) != current
        if changed:
            write_current(releases, current)
        return Publication(
            current, champion, challenger if challenger_name else None, changed, problem
        )


def _publish_version(registry: Registry, version: ModelVersion, releases: Path) -> str:
    """Publish the release of a version; returns what it is called there."""
    with TemporaryDirectory(prefix="release-") as scratch:
        fetched = read_release(registry.fetch_release(version, Path(scratch) / "release"))
    if fetched.model_digest != version.digest:
        raise BrokenRelease(
            f"the release of version {version.version} in MLflow is not the model that was "
            "registered: restore MLflow's artifacts from a backup, or promote another version"
        )
    # Only the registry knows the number, and only once the release is in it.
    release = replace(fetched, metadata=replace(fetched.metadata, version=str(version.version)))
    _remove_damaged(releases / release_name(release), release)
    return publish_release(release, releases)


def _remove_damaged(directory: Path, release: Release) -> None:
    """Make way where a directory has the release's name and not its content."""
    if not directory.exists():
        return
    try:
        whole = read_release(directory).digest == release.digest
    except BrokenRelease:
        whole = False
    if not whole:
        shutil.rmtree(directory)


def _live(releases: Path) -> Current | None:
    try:
        return read_current(releases)
    except BrokenRelease:
        return None  # to be written anew
