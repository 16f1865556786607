"""What reports remember of those before them: files of JSON lines to which is only added.

A line that a crash tore is passed over, and what goes back farther than anybody looks is not read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

# About ten thousand lines.
_READ_BYTES = 8 * 1024 * 1024


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of late, the oldest first; a file that is not there yet has none."""
    try:
        with path.open("rb") as file:
            begin = max(0, file.seek(0, os.SEEK_END) - _READ_BYTES)
            file.seek(begin)
            content = file.read()
    except FileNotFoundError:
        return
    for line in content.splitlines()[1 if begin else 0 :]:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def add_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines, also behind one that was torn."""
    content = b"".join(json.dumps(line, allow_nan=False).encode() + b"\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                content = b"\n" + content
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
