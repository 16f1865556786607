"""Splitting CSV text into rows, one by one, where lines and rows are not the same thing.

A quoted cell may go over several lines, blank lines are no rows, and a quote that never closes
spoils the line it stands on and none after it.
"""

import csv
import io
from dataclasses import dataclass, field

# Longer rows are none. It also bounds how far one quote that never closes is followed.
_LONGEST_ROW = 1 << 17


@dataclass
class CarefulRows:
    """Rows and unreadable lines, each with the line it begins on, counted from 0."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    lines_taken: int = 0
    left: str = ""


def split_carefully(text: str, width: int, *, final: bool) -> CarefulRows:
    """Split text into rows of `width` cells.

    Unless this is the `final` piece, a row that is still open at its end is `left` to be read
    together with the next.
    """
    lines = list(io.StringIO(text, newline=""))
    split = CarefulRows()
    at = 0
    while at < len(lines):
        row, end = _one_row(lines, at)
        if end == len(lines) and _is_open(rest := "".join(lines[at:])):
            if not final and len(rest) <= _LONGEST_ROW:
                split.left = rest
                break
            row = None
        if row is None or len(row) not in (0, width):
            split.bad.append((at, lines[at].rstrip("\r\n")))
            end = at + 1
        elif row:
            split.rows.append(row)
            split.lines.append(at)
        at = end
    split.lines_taken = at
    return split


def _one_row(lines: list[str], at: int) -> tuple[list[str] | None, int]:
    """The row that begins on a line, and the line after it; no row if it would be too long."""
    reader = csv.reader(lines[number] for number in range(at, len(lines)))
    try:
        return next(reader), at + reader.line_num
    except csv.Error:
        return None, at + 1


def _is_open(text: str) -> bool:
    """Whether a quote is still open where the text ends."""
    try:
        list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
