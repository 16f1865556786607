"""What of the log could not be read, kept for people: a folder for each file, a copy, its reasons.

    quarantine/predictions/<digest>/record.json    which file, and what became of it
                                    lines.jsonl    the lines that are no events, with their reasons
                                    content        the file itself, where none of it is used

The log itself is never touched. How much is copied is bounded; how much there was is told.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from titanic_assets.monitoring.events.lines import BadLine

FOLDER = "predictions"
_WHOLE_BYTES = 8 << 20
_FIRST_BYTES = 1 << 20
_MOST_LINES = 1000


@dataclass
class BadLines:
    """The bad lines of a file: the first of them kept, all of them counted."""

    count: int = 0
    kept: list[BadLine] = field(default_factory=list)
    _bytes: int = 0

    def add(self, lines: Iterable[BadLine]) -> None:
        """Count these, and keep what there is room for."""
        for line in lines:
            self.count += 1
            if len(self.kept) < _MOST_LINES and self._bytes < _FIRST_BYTES:
                self.kept.append(line)
                self._bytes += len(line.content)


@dataclass(frozen=True)
class Refused:
    """A file of the log that was not read to its last line, and why."""

    name: str
    digest: str
    size: int
    reason: str
    bad_lines: int = 0

    @property
    def folder(self) -> str:
        """Where it is in quarantine."""
        return f"{FOLDER}/{self.digest[:12]}"

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{self.name}: {self.reason} (quarantine/{self.folder})"


def keep_lines(quarantine: Path, refused: Refused, bad: BadLines) -> None:
    """Keep the lines that are no events; the others of the file were collected."""
    lines = "".join(
        json.dumps(
            {
                "line": line.number,
                "reason": line.reason,
                "content": line.content.decode(errors="backslashreplace"),
            }
        )
        + "\n"
        for line in bad.kept
    )
    _keep(quarantine, refused, {"lines.jsonl": lines.encode()})


def keep_whole(quarantine: Path, refused: Refused, content: BinaryIO) -> None:
    """Keep a file of which nothing is used; of a large one, its beginning."""
    content.seek(0)
    some = content.read(_WHOLE_BYTES if refused.size <= _WHOLE_BYTES else _FIRST_BYTES)
    _keep(quarantine, refused, {"content": some})


def _keep(quarantine: Path, refused: Refused, files: dict[str, bytes]) -> None:
    """The folder is there whole or not at all; the same again changes nothing."""
    final = quarantine / refused.folder
    if final.exists():
        return
    unfinished = final.with_name(f".{final.name}.{uuid4().hex}")
    unfinished.mkdir(parents=True)
    try:
        record = {**asdict(refused), "found": datetime.now(UTC).isoformat(timespec="seconds")}
        for name, content in {
            **files,
            "record.json": json.dumps(record, indent=1).encode(),
        }.items():
            (unfinished / name).write_bytes(content)
        os.replace(unfinished, final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
