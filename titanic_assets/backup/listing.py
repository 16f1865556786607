"""Which files below a folder belong into a backup."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_BESIDE_SQLITE = ("-wal", "-shm", "-journal")


def files_under(folder: Path, *, hidden: bool = False) -> list[Path]:
    """All files below a folder, in order, where links lead too; none if there is no folder.

    Without locks, what SQLite keeps beside a database, and compiled code. What is hidden is
    unfinished wherever this project writes; other programs hide things that matter.
    """
    return sorted(_walk(folder, {}, hidden=hidden))


def _walk(folder: Path, above: dict[tuple[int, int], None], *, hidden: bool) -> Iterator[Path]:
    try:
        found = os.stat(folder)
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return  # there is none, or it has been taken away meanwhile
    here = (found.st_dev, found.st_ino)
    if here in above:
        return  # a link that leads back
    names = {entry.name for entry in entries}
    for entry in entries:
        if entry.name.startswith(".") and not hidden:
            continue
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _walk(Path(entry.path), {**above, here: None}, hidden=hidden)
        elif entry.is_file() and not _is_beside(entry.name, names):
            yield Path(entry.path)


def _is_beside(name: str, names: set[str]) -> bool:
    """Whether a file is a lock, or belongs to the database beside it."""
    if name.endswith(".lock"):
        return True
    return any(name.removesuffix(end) in names for end in _BESIDE_SQLITE if name.endswith(end))
