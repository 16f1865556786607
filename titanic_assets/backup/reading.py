"""Reads files that others may be writing at this moment, so that what is read is whole.

How that is done depends on how they are written: in place by SQLite, line by line, by a single
rename, or by somebody who simply copies a file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

_SQLITE = b"SQLite format 3\0"
MOMENT_SECONDS = 0.1
_PATIENCE_SECONDS = 2.0
_BLOCK = 1 << 16


class UnreadableStore(RuntimeError):
    """A database that SQLite does not read."""


def is_sqlite(path: Path) -> bool:
    """Whether this is a database; what is gone by now is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        return False


def snapshot(database: Path, into: Path) -> None:
    """Copy a SQLite database as it is between two transactions, with what is still in its log."""
    into.unlink(missing_ok=True)
    address = f"file:{quote(str(database))}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as source,
            closing(sqlite3.connect(into)) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        if not database.exists():
            raise FileNotFoundError(database) from None
        raise UnreadableStore(
            f"cannot copy the database {database} ({error}): is it damaged? Move it away, or "
            "restore an older backup"
        ) from error


def settled_copy(path: Path, into: Path, settle_seconds: float = MOMENT_SECONDS) -> bool:
    """Copy a file that somebody may be writing in place, once nothing has touched it for so long.

    False when that did not come true within two seconds more. As for the landing sensor, the
    inode's change time is what counts.
    """
    give_up = time.monotonic() + settle_seconds + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        before = os.stat(path)
        # The clock may have been set back since.
        if abs(time.time() - before.st_ctime) >= settle_seconds:
            shutil.copyfile(path, into)
            if _traits(os.stat(path)) == _traits(before):
                shutil.copystat(path, into)
                return True
        time.sleep(min(MOMENT_SECONDS, settle_seconds))
    return False


def _traits(found: os.stat_result) -> tuple[int, int, int, int]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


def whole_lines(file: BinaryIO) -> int:
    """How many bytes of a file are whole lines; somebody may be writing the last one."""
    size = os.fstat(file.fileno()).st_size
    for start in range(max(0, size - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
        block = os.pread(file.fileno(), min(_BLOCK, size - start), start)
        if newline := block.rfind(b"\n") + 1:
            return start + newline
    return 0
