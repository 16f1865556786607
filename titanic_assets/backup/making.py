"""Takes a backup of a home: one file, written aside, checked, and put in its place."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.backup.archive import new_archive, read_backup
from titanic_assets.backup.copying import Copying
from titanic_assets.backup.elsewhere import stores_elsewhere
from titanic_assets.backup.manifest import Manifest
from titanic_assets.backup.parts import PARTS, folders
from titanic_assets.revision import code_revision
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.tracking.locking import held

if TYPE_CHECKING:
    from titanic_assets.backup.progress import Progress

PREFIX, SUFFIX = "titanic-", ".tar.gz"
_SCRATCH = ".unfinished"


class NothingToBackUp(RuntimeError):
    """A home that nothing was written under."""


class WrongPlace(ValueError):
    """A folder that backups must not be kept in."""


def make_backup(settings: Settings, folder: Path, progress: Progress) -> tuple[Path, Manifest]:
    """Write a backup of the home to that folder; it appears there whole, checked, or not at all."""
    home = settings.places.home
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(home):
        raise WrongPlace(
            f"{folder} is inside {home}, and would be lost with it: name a folder outside, best on "
            "another disk (make backup TO=folder)"
        )
    if not any(part.is_dir() for part in folders(settings.places)):
        raise NothingToBackUp(
            f"there is nothing in {home}: is TITANIC_HOME right? `make run` fills it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / _SCRATCH
    with held(folder / ".lock"):
        shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
        scratch.mkdir(mode=0o700)  # the prediction log is nobody else's business
        try:
            made = datetime.now(UTC)
            archive = scratch / f"{PREFIX}{made:%Y-%m-%dT%H-%M-%S.%fZ}{SUFFIX}"
            _write(settings, archive, made, progress)
            archive.chmod(0o600)
            with progress.doing("checked") as step:
                manifest = read_backup(archive, passed=step.passed)
            with archive.open("rb") as file:
                os.fsync(file.fileno())
            return archive.rename(folder / archive.name), manifest
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def remove_older(folder: Path, keep: int) -> list[Path]:
    """Remove all backups in that folder but the newest so many; returns those that are gone."""
    outdated = sorted(folder.expanduser().glob(f"{PREFIX}*{SUFFIX}"), reverse=True)[keep:]
    for path in outdated:
        path.unlink()
    return outdated


def _write(settings: Settings, archive: Path, made: datetime, progress: Progress) -> None:
    with new_archive(archive) as writer:
        copying = Copying(settings.places.home, writer, archive.parent)
        for what, copy in PARTS.items():
            with progress.doing(what) as copying.step:
                copy(copying, settings)
        for path in copying.left_out:
            progress.say(f"left out, for it is still being written: {path}")
        writer.close_with(
            Manifest(
                made=made,
                home=str(settings.places.home),
                code_revision=code_revision(CHECKOUT),
                elsewhere=stores_elsewhere(settings),
                left_out=tuple(copying.left_out),
                files=writer.files,
            )
        )
