"""Removes the releases, bentos and images that nobody needs any more.

Never what is live, nor the champion before it, which a rollback goes to. What is removed here can
be made again as long as its version is in the registry.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from titanic_assets.releasing import BENTO_NAME
from titanic_assets.releasing.scratch import scratch_in
from titanic_assets.releasing.store import mend_latest, take
from titanic_assets.settings import Settings
from titanic_assets.tracking.champions import champions
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.locking import held
from titanic_model.published import is_release_name, read_current


class Images(Protocol):
    """The images of this home's bentos in a container engine's store."""

    def bentos(self) -> Iterable[str]:
        """The versions of the bentos that there are images of."""

    def remove(self, bento: str, /) -> None:
        """Remove the image of that bento."""


def outdated(releases: Iterable[str], spared: Iterable[str], keep: int) -> set[str]:
    """Which of these releases may go, by their names, which begin with the version.

    `spared` stay, as names or as versions; of the others the `keep` newest versions do too.
    """
    stay = set(spared)
    others = {name for name in releases if name not in stay and name.partition("-")[0] not in stay}
    newest = sorted(others, key=lambda name: (int(name.partition("-")[0]), name), reverse=True)
    return set(newest[keep:])


def remove_outdated(
    settings: Settings, say: Callable[[str], None], images: Images | None = None
) -> set[str]:
    """Remove what is outdated now, in the folder of releases and in BentoML's store.

    Returns the names of the releases that are gone, with all that was made of them.
    """
    folder, store = settings.places.releases, settings.places.bentoml
    # The releases' lock last: nobody who goes back has to wait for a bento that is built, nor for
    # what a killed build has left.
    with held(store / ".lock"), scratch_in(store) as scratch, held(folder / ".lock"):
        current = read_current(folder)
        if current is None:
            return set()
        line = champions(PromotionLedger(settings.places.ledger).events())
        live = [current.champion, *([current.challenger] if current.challenger else [])]
        there = _names_in(folder) | _names_in(store / "models" / BENTO_NAME)
        gone = outdated(
            there,
            [*live, *(str(version) for version in line[-2:])],
            settings.keep_releases,
        )
        for name in gone:
            if (folder / name).is_dir():
                # Whoever lists the releases does not see half of one.
                unlisted = folder / f".{name}.{uuid4().hex}"
                (folder / name).rename(unlisted)
                shutil.rmtree(unlisted)
        _remove_bentos(store, gone, scratch)
    for bento in images.bentos() if images else ():
        # Also one whose engine did not answer when its bento went; but none of a bento that
        # somebody has named himself.
        release = _release_of(bento)
        if is_release_name(release) and release not in there - gone:
            images.remove(bento)  # type: ignore[union-attr] # there are none of None
    if gone:
        say(f"outdated and removed, with their bentos: {', '.join(sorted(gone))}")
    return gone


def _remove_bentos(store: Path, gone: set[str], scratch: Path) -> None:
    """Bentos first, as one without its model would be half of one."""
    for kind in (store / "bentos" / BENTO_NAME, store / "models" / BENTO_NAME):
        for place in kind.glob("*-*"):
            if place.is_dir() and _release_of(place.name) in gone:
                take(place, scratch)
        if kind.is_dir():
            mend_latest(kind)


def _names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.glob("*-*") if is_release_name(each.name)}


def _release_of(bento: str) -> str:
    """The name of the release in a bento of that version; a release is called as it is itself."""
    return "-".join(bento.split("-")[:2])
