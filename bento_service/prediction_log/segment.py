"""A segment of the log: a file that one living process appends to, until it is closed for readers.

While it is open its name ends in `.open` and its writer holds a lock on it, which the system lets
go of when that process dies. Closing renames it, so a reader sees whole segments only.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path

OPEN = ".open"


class Segment:
    """A file of lines; what was appended reaches the operating system whole or not at all."""

    def __init__(self, path: Path, descriptor: int, length: int = 0) -> None:
        self.path = path
        self.length = length
        self._descriptor = descriptor

    @classmethod
    def create(cls, final: Path) -> Segment:
        """A new and empty one that will be named so when it is closed."""
        path = final.with_name(final.name + OPEN)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        segment = cls(path, descriptor)
        try:
            mine = _lock(descriptor) and segment.in_place
        except BaseException:
            segment.let_go()
            raise
        if not mine:  # who looked for the dead just then took it for one, and removes it
            segment.let_go()
            raise OSError(errno.EAGAIN, "somebody else took the new segment", str(path))
        return segment

    @classmethod
    def take_over(cls, path: Path) -> Segment | None:
        """The open segment of a dead process; None while its writer lives."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        segment = cls(path, descriptor)
        try:
            if _lock(descriptor) and segment.in_place:
                segment.length = os.fstat(descriptor).st_size
                segment._mend()
                return segment
        except BaseException:
            segment.let_go()
            raise
        segment.let_go()
        return None

    @property
    def in_place(self) -> bool:
        """Whether it is still where it was made, and has not been removed or moved away."""
        mine = os.fstat(self._descriptor)
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return (mine.st_dev, mine.st_ino) == (found.st_dev, found.st_ino)

    def append(self, lines: memoryview) -> None:
        """Write all of these lines, or none of them."""
        end = self.length
        try:
            while lines:
                count = os.pwrite(self._descriptor, lines, end)
                end += count
                lines = lines[count:]
        except OSError:
            # Should this fail too, the next write begins at the same place, and closing cuts.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.length)
            raise
        self.length = end

    def close(self) -> Path | None:
        """Let readers have it; an empty one disappears. May be called again after an error."""
        if not self.length:
            self.path.unlink()
            self.let_go()
            return None
        os.ftruncate(self._descriptor, self.length)
        os.fsync(self._descriptor)
        final = self.path.with_name(self.path.name.removesuffix(OPEN))
        os.replace(self.path, final)
        self.let_go()
        return final

    def let_go(self) -> None:
        """Stop writing without closing it; whoever looks for the dead next closes it."""
        os.close(self._descriptor)

    def _mend(self) -> None:
        """Cut off a last line that is torn; one that lacks only its end keeps all of itself."""
        content = b""
        torn_at = 0
        for start in range(max(0, self.length - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
            content = os.pread(self._descriptor, _BLOCK, start) + content
            if newline := content.rfind(b"\n") + 1:
                torn_at, content = start + newline, content[newline:]
                break
        if not content:
            return
        if _is_whole(content):
            self.append(memoryview(b"\n"))
            return
        os.ftruncate(self._descriptor, torn_at)
        self.length = torn_at


_BLOCK = 1 << 16


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
