"""Publishes what the registry's aliases name: releases as directories, and `current.json`.

Whichever version an alias names goes live; whether it should is decided where aliases are moved.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol

from titanic_assets.tracking.locking import held
from titanic_assets.tracking.registry import ForeignVersion, NoSuchVersion
from titanic_assets.tracking.versions import ModelVersion
from titanic_model.published import (
    Current,
    publish_release,
    read_current,
    release_name,
    write_current,
)
from titanic_model.release import BrokenRelease, Release, read_release


class Registered(Protocol):
    """What is asked of a registry here."""

    def version_at(self, alias: Literal["champion", "challenger"], /) -> ModelVersion | None:
        """The version that the alias names."""

    def fetch_release(self, version: ModelVersion, into: Path, /) -> Path:
        """Copy the version's release directory to `into`."""


class NoChampion(RuntimeError):
    """No version has the alias `champion`, so nothing can go live."""


class Overtaken(RuntimeError):
    """Another version is to be live by now; whoever moved the alias on sees to that."""


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


@dataclass(frozen=True)
class _Named:
    """What the aliases name, published beside the others. Not live by that."""

    champion: ModelVersion
    current: Current
    challenger: ModelVersion | None
    problem: str
    # The challenger that could not be published.
    failed: int | None


def publish(registry: Registered, releases: Path, expected: int | None = None) -> Publication:
    """Make the champion, and the challenger if there is one, the live releases of this folder.

    Nothing is live before all of it is there; doing it again changes nothing. Where `expected` is
    given and another version is champion, what is live stays: `Overtaken`.
    """
    # First without the lock: whoever wants to go back has not to wait for a download.
    named = _publish_named(registry, releases)
    with held(releases / ".lock"):
        named = _publish_named(registry, releases, named)
        if expected not in (None, named.champion.version):
            raise Overtaken(
                f"version {named.champion.version} has become champion, so version {expected} "
                "does not go live any more"
            )
        changed = _live(releases) != named.current
        if changed:
            write_current(releases, named.current)
    return Publication(named.current, named.champion, named.challenger, changed, named.problem)


def publish_version(registry: Registered, version: ModelVersion, releases: Path) -> str:
    """Publish the release of a version, unless it is there; returns its name. Not live yet."""
    if name := _published(version, releases):
        return name
    with held(releases / ".fetching.lock"):
        return _published(version, releases) or _fetch_and_publish(registry, version, releases)


def champion_of(registry: Registered) -> ModelVersion:
    """The champion; raises `NoChampion` with what to do where there is none."""
    champion = registry.version_at("champion")
    if champion is None:
        raise NoChampion(
            "no version of the registered model is champion: `make run` trains and promotes "
            "the first one, or point the alias `champion` at a version in MLflow"
        )
    return champion


def _publish_named(registry: Registered, releases: Path, before: _Named | None = None) -> _Named:
    """Publish what the aliases name; a challenger that was in vain `before` is not tried again."""
    champion = champion_of(registry)
    champion_name = publish_version(registry, champion, releases)
    try:
        challenger = registry.version_at("challenger")
    except (ForeignVersion, NoSuchVersion) as error:
        return _Named(champion, Current(champion_name, None), None, str(error), None)
    name, problem, failed = None, "", None
    if challenger is not None and challenger.version != champion.version:
        if before is not None and before.failed == challenger.version:
            problem, failed = before.problem, before.failed
        else:
            try:
                name = publish_version(registry, challenger, releases)
            except Exception as error:  # noqa: BLE001 - of a store that may be anywhere
                problem, failed = str(error) or type(error).__name__, challenger.version
    return _Named(
        champion, Current(champion_name, name), challenger if name else None, problem, failed
    )


def _published(version: ModelVersion, releases: Path) -> str | None:
    """The name under which the version is published, whole and as it was registered."""
    for directory in releases.glob(f"{version.version}-*"):
        try:
            release = read_release(directory)
            name = release_name(release)
        except BrokenRelease:
            continue
        if name == directory.name and release.model_digest == version.digest:
            return name
    return None


def _fetch_and_publish(registry: Registered, version: ModelVersion, releases: Path) -> str:
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
