"""Puts a backup into an empty home, of this machine or of another one.

It is read through before anything is written, unpacked aside, told its new place, and then moved
in. What goes wrong on the way leaves the home as empty as it was.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.backup.archive import read_backup
from titanic_assets.backup.new_home import move_paths
from titanic_assets.backup.progress import in_words
from titanic_assets.stack.only_one import the_only_one
from titanic_assets.stack.processes import running_under

if TYPE_CHECKING:
    from titanic_assets.backup.manifest import Manifest
    from titanic_assets.backup.progress import Progress

_UNFINISHED = ".restoring"
_RUNNING = "running.json"  # held, and left behind, by whoever has the home


class HomeNotEmpty(RuntimeError):
    """A home that a backup would overwrite, or that somebody is at work in."""


class TooLittleRoom(RuntimeError):
    """A disk that the backup does not fit on."""


def restore(archive: Path, home: Path, progress: Progress) -> Manifest:
    """Unpack the backup to the home; returns what it says of itself.

    Raises `HomeNotEmpty`, `AlreadyRunning`, `BrokenBackup` or `TooLittleRoom`, with nothing
    written in each case.
    """
    _require_empty(home, archive)
    with progress.doing("checked") as step:
        manifest = read_backup(archive, passed=step.passed)
    _require_room(home, manifest.size)
    with the_only_one(home, "make restore"):
        _require_empty(home, archive, held=True)
        unfinished = home / _UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)  # of one that was killed
        unfinished.mkdir()
        try:
            with progress.doing("unpacked", manifest.size) as step:
                read_backup(archive, unfinished, step.passed)
            if manifest.home != str(home):
                with progress.doing(f"paths of {manifest.home} changed to {home}"):
                    move_paths(unfinished, manifest.home, str(home))
            _move_in(unfinished, home)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def _require_empty(home: Path, archive: Path, *, held: bool = False) -> None:
    try:
        inside = {path.name for path in home.iterdir()} - {_UNFINISHED}
    except FileNotFoundError:
        inside = set()
    if _RUNNING in inside and not held:
        with the_only_one(home, "make restore"):
            pass  # or it says who has it
    if left := running_under(home):
        raise HomeNotEmpty(
            f"processes of a `make run` that was killed still work on {home} "
            f"({', '.join(str(process.pid) for process in left)}): end them first"
        )
    if names := sorted(inside - {_RUNNING}):
        raise HomeNotEmpty(
            f"{home} is not empty ({', '.join(names[:5])}{', …' if len(names) > 5 else ''}), and "
            "nothing there is overwritten. Move it away, or restore beside it: "
            f"make restore FROM={archive} TITANIC_HOME=another-folder"
        )


def _require_room(home: Path, size: int) -> None:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < size:
        raise TooLittleRoom(
            f"the backup takes {in_words(size)}, and {in_words(free)} are free for {home}: free "
            "some, or set TITANIC_HOME to another disk"
        )


def _move_in(unfinished: Path, home: Path) -> None:
    """Move all parts into the home, or none."""
    moved: list[str] = []
    try:
        for part in sorted(unfinished.iterdir()):
            part.rename(home / part.name)
            moved.append(part.name)
    except BaseException:
        for name in moved:
            (home / name).rename(unfinished / name)
        raise
