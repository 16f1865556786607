"""One file of the log: copied here under its digest, and its lines in pieces of a good size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from titanic_assets.monitoring.events.lines import LONGEST_LINE

_IN_MEMORY_BYTES = 16 << 20
_BLOCK = 1 << 20
LINES_AT_ONCE = 2000


@dataclass(frozen=True)
class Copy:
    """A file as it was when it was copied: what is read is what the digest describes."""

    content: BinaryIO
    digest: str
    size: int

    def begins_with(self, digest: str, size: int) -> bool:
        """Whether it once was the content with this digest and has grown since."""
        if size > self.size:
            return False
        self.content.seek(0)
        before = hashlib.sha256()
        while size > 0 and (block := self.content.read(min(_BLOCK, size))):
            before.update(block)
            size -= len(block)
        return before.hexdigest() == digest


@contextmanager
def copied(blocks: Iterable[bytes]) -> Iterator[Copy]:
    """The file that these blocks make, in memory or, where it is large, on the disk."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as content:
        digest, size = hashlib.sha256(), 0
        for block in blocks:
            content.write(block)
            digest.update(block)
            size += len(block)
        yield Copy(cast("BinaryIO", content), digest.hexdigest(), size)


@dataclass(frozen=True)
class Piece:
    """Some lines, the number of the first, and up to where in the file lines are whole by now.

    A last line without an end comes by itself.
    """

    lines: list[bytes]
    first: int
    end: int
    is_torn: bool = False


def pieces(copy: Copy, start: int) -> Iterator[Piece]:
    """The lines from there on; of one that is far too long, its beginning."""
    content = copy.content
    number = _lines_before(content, start) + 1
    at = end = start
    rest = b""
    while block := content.read(_BLOCK):
        last = block.rfind(b"\n") + 1
        if last:
            end = at + last
            lines = block[: last - 1].split(b"\n")
            lines[0] = rest + lines[0]
            for index in range(0, len(lines), LINES_AT_ONCE):
                some = lines[index : index + LINES_AT_ONCE]
                yield Piece(some, number, end)
                number += len(some)
            rest = b""
        # Of a line without end only so much is held as tells that it is too long.
        rest = (rest + block[last:])[: LONGEST_LINE + 1]
        at += len(block)
    if rest:
        yield Piece([rest], number, end, is_torn=True)


def _lines_before(content: BinaryIO, start: int) -> int:
    """How many lines end before that place; the next thing to be read is what stands there."""
    content.seek(0)
    count, left = 0, start
    while left > 0 and (block := content.read(min(_BLOCK, left))):
        count += block.count(b"\n")
        left -= len(block)
    return count
