"""Where segments lie and what they are called.

    <folder>/2026-11-21/2026-11-21T13-51-02.123456Z-<host>-<seat>-<random>.jsonl

The day is that of the segment's beginning, UTC. A spool is flat, private and bounded: segments
wait there until they have been uploaded.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from bento_service.prediction_log.segment import OPEN, Segment

CLOSED = ".jsonl"
logger = logging.getLogger("bento_service.prediction_log")
# A lock may not reach across machines. One of another machine that nobody touched for so long,
# or twice as long as a segment stays open, has no writer either.
_DEAD_ELSEWHERE_SECONDS = 3600.0


def day_of(name: str) -> str:
    """The day that a segment begins with, by its name."""
    return name[:10]


def this_host() -> str:
    """The name of this machine, as far as it fits into a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())[:64] or "localhost"


class SegmentFolder:
    """A folder with segments of any number of writers."""

    _open_ones = f"*/*{CLOSED}{OPEN}"

    def __init__(self, path: Path, seat: int, segment_seconds: float) -> None:
        self.path = path
        self._seat = seat
        self._segment_seconds = segment_seconds

    def new_segment(self) -> Segment:
        """An empty segment of this writer's."""
        begun = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        name = f"{begun}-{this_host()}-{self._seat}-{token_hex(4)}{CLOSED}"
        return Segment.create(self._folder_for(name) / name)

    def close_segments_of_the_dead(self) -> int:
        """Close what killed writers left open; returns how many. What cannot be is left."""
        closed = 0
        for path in sorted(self.path.glob(self._open_ones)):
            with suppress(OSError):
                if not self._may_be_dead(path):
                    continue
                segment = Segment.take_over(path)
                if segment is not None:
                    try:
                        closed += segment.close() is not None
                    except OSError:
                        segment.let_go()
                        raise
        if closed:
            logger.info(
                "segments of the prediction log that dead workers left open, now closed: %d", closed
            )
        return closed

    def _folder_for(self, name: str) -> Path:
        folder = self.path / day_of(name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _may_be_dead(self, path: Path) -> bool:
        if re.search(rf"Z-{re.escape(this_host())}-\d+-[0-9a-f]{{8}}\.", path.name):
            return True  # the lock knows
        still = time.time() - os.stat(path).st_mtime
        return still > max(_DEAD_ELSEWHERE_SECONDS, 2 * self._segment_seconds)


class Spool(SegmentFolder):
    """A folder on this machine in which closed segments wait to be uploaded, up to a bound."""

    _open_ones = f"*{CLOSED}{OPEN}"

    def __init__(self, path: Path, seat: int, segment_seconds: float, most_bytes: int) -> None:
        super().__init__(path, seat, segment_seconds)
        self._most_bytes = most_bytes

    def waiting(self) -> Iterator[Path]:
        """The closed segments, the oldest first."""
        yield from sorted(self.path.glob(f"*{CLOSED}"))

    def _folder_for(self, name: str) -> Path:  # noqa: ARG002 - there are no days in a spool
        with suppress(FileExistsError):
            self.path.mkdir(mode=0o700, parents=True)
        found = os.lstat(self.path)
        # The place is known to everybody on this machine, and what is in it concerns nobody.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError(errno.EPERM, "not a folder of this user alone", str(self.path))
        size = 0
        for path in self.waiting():
            with suppress(FileNotFoundError):  # uploaded just now
                size += os.stat(path).st_size
        if size >= self._most_bytes:
            raise OSError(errno.ENOSPC, "too much waits to be uploaded", str(self.path))
        return self.path


def default_spool(uri: str) -> Path:
    """The same for all services of this user that log to the same place, also after a restart."""
    which = hashlib.sha256(uri.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"titanic-prediction-log-{os.geteuid()}-{which}"
