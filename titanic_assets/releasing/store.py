"""BentoML's store on disk, as far as bentos and models get into it and out of it here.

Whatever is in it is whole: things come and go by a single rename.
"""

from __future__ import annotations

import os
from pathlib import Path


def put(built: Path, place: Path, scratch: Path) -> None:
    """Put what was built into its place, and remember it as the latest of its kind."""
    built.chmod(0o755)  # in a container any user is to read it
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        take(place, scratch)  # it is damaged
    os.replace(built, place)
    _write_latest(place.parent, place.name)


def take(place: Path, scratch: Path) -> None:
    """Take something out, to where it can be removed at leisure."""
    os.replace(place, scratch / f"out-{place.parent.parent.name}-{place.name}")


def mend_latest(kind: Path) -> None:
    """Let `latest` name the newest there, where what it names is gone or it was never written.

    `kind` is the folder of all of one name. That which is named and there stays.
    """
    try:
        name = (kind / "latest").read_text()
        if name and (kind / name).is_dir():
            return
    except OSError:
        pass
    there = [each for each in kind.glob("*") if each.is_dir()]
    if there:
        _write_latest(kind, max(there, key=lambda each: each.stat().st_mtime_ns).name)
    else:
        (kind / "latest").unlink(missing_ok=True)


def _write_latest(kind: Path, name: str) -> None:
    unfinished = kind.parent / f".{kind.name}.latest"
    unfinished.write_text(name)
    os.replace(unfinished, kind / "latest")
