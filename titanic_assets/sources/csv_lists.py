"""Reading passenger lists from CSV: every cell as text, every line accounted for.

The file is taken in chunks of whole lines. Arrow splits a chunk at full speed; one in which lines
and rows do not agree in number goes to `careful_csv`, which is slower and knows each row's line.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from titanic_assets.sources.careful_csv import split_carefully
from titanic_assets.sources.problems import EmptyFile, LineTooLong, NotUtf8
from titanic_assets.sources.raw_rows import (
    PassengerList,
    in_order_of_lines,
    no_rows,
    raw_batch,
    understand,
)
from titanic_assets.sources.text import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from titanic_assets.sources.fetch import SourceFile

# Large enough for Arrow to run at full speed, small enough for any machine. No line is longer.
CHUNK_BYTES = 8 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# What each column of the file means, None where the contract has no use for it.
Layout = tuple[str | None, ...]


class _Split(NamedTuple):
    """A chunk's rows as columns, its unreadable lines, and how much of it that is.

    Lines are counted from the beginning of the chunk.
    """

    columns: dict[str, pa.Array]
    lines: pa.Array
    bad: list[tuple[int, str]]
    lines_taken: int
    left: bytes = b""


def open_csv(file: SourceFile, chunk_bytes: int = CHUNK_BYTES) -> PassengerList:
    """Read the header; the rows follow in batches of `chunk_bytes` of text."""
    with file.path.open("rb") as stream:
        names, start, line = _read_names(stream, file, chunk_bytes)
    header = understand(names, file)
    layout = tuple(header.columns.get(name) for name in names)
    return PassengerList(header, _batches(file, layout, start, line, chunk_bytes))


def _read_names(stream: BinaryIO, file: SourceFile, longest: int) -> tuple[list[str], int, int]:
    """The column names, and where the rows begin: the byte and the number of the line."""
    start = line = 0
    text = b""
    while not text.strip():  # lists out of spreadsheets may begin with blank lines
        stream.seek(start)
        text = stream.readline(longest + 1)
        if not text:
            raise EmptyFile(file.name, "there is nothing in it", "Land it again with the list.")
        text = text.splitlines(keepends=True)[0]  # a lone carriage return ends a line as well
        start, line = start + len(text), line + 1
        if len(text) > longest:
            raise _line_too_long(file, line, longest)
        if line == 1:
            text = text.removeprefix(_BYTE_ORDER_MARK)
    _check_encoding(text, line, file)
    try:
        return next(csv.reader([text.decode()])), start, line + 1
    except csv.Error:
        raise _line_too_long(file, line, csv.field_size_limit()) from None


def _batches(
    file: SourceFile, layout: Layout, start: int, line: int, chunk_bytes: int
) -> Iterator[pa.RecordBatch]:
    """The rows after the header, chunk by chunk, in the order of their lines."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = 0
    left, final = b"", False
    with file.path.open("rb") as stream:
        stream.seek(start)
        while not final:
            block = stream.read(chunk_bytes)
            final = not block
            text = left + block
            end = len(text) if final else text.rfind(b"\n") + 1 or text.rfind(b"\r") + 1
            if not end and len(text) > chunk_bytes:
                raise _line_too_long(file, line, chunk_bytes)
            text, left = text[:end], text[end:]
            if not text:
                continue
            _check_encoding(text, line, file)
            split = _split_fast(text, layout) or _split_slowly(text, layout, final=final)
            batch = raw_batch(file, split.columns, pc.add(split.lines, line))
            if split.bad:
                lines, texts = zip(*split.bad, strict=True)
                bad = raw_batch(
                    file, {"unreadable": pa.array(texts)}, pc.add(pa.array(lines), line)
                )
                batch = in_order_of_lines(batch, bad)
            if len(batch):
                yield batch
            rows += len(batch)
            line += split.lines_taken
            left = split.left + left
    if not rows:
        raise no_rows(file)


def _split_fast(text: bytes, layout: Layout) -> _Split | None:
    """Split lines that are one row each, or nothing if they are not."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    last = text[text.rfind(b"\n", 0, -1) + 1 :]
    lone_returns = b"\r" in text and text.count(b"\r") != text.count(b"\r\n")
    if lone_returns or last.count(b'"') % 2:  # an open quote would swallow the last line's end
        return None

    bad: list[tuple[int, str]] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        bad.append((row.number - 1, row.text))
        return "skip"

    names = [name or f"ignored {at}" for at, name in enumerate(layout)]
    wanted = [name for name in layout if name]
    table = pa.csv.read_csv(
        pa.py_buffer(text),
        # Only a single thread knows the numbers of invalid rows, and it costs the least.
        read_options=pa.csv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(text) + 1
        ),
        parse_options=pa.csv.ParseOptions(invalid_row_handler=keep),
        convert_options=pa.csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=sorted(NOTHING),
        ),
    )
    if len(table) + len(bad) != lines:
        return None
    numbers = np.delete(np.arange(lines), [number for number, _ in bad])
    columns = {name: table.column(name).combine_chunks() for name in wanted}
    return _Split(columns, pa.array(numbers), bad, lines)


def _split_slowly(text: bytes, layout: Layout, *, final: bool) -> _Split:
    """Split lines that may be parts of rows, or none."""
    import pyarrow as pa

    split = split_carefully(text.decode(), len(layout), final=final)
    columns = {
        name: pa.array([None if row[at] in NOTHING else row[at] for row in split.rows], pa.string())
        for at, name in enumerate(layout)
        if name
    }
    lines = pa.array(split.lines, pa.int64())
    return _Split(columns, lines, split.bad, split.lines_taken, split.left.encode())


def _check_encoding(text: bytes, line: int, file: SourceFile) -> None:
    """Raise if the text is not UTF-8; `line` is that of its beginning."""
    if text.isascii():
        return
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        cause = f"line {line} is not UTF-8 text (byte 0x{text[error.start]:02x})"
        raise NotUtf8(file.name, cause, "Save the list as UTF-8 and land it again.") from None


def _line_too_long(file: SourceFile, line: int, longest: int) -> LineTooLong:
    cause = f"line {line} is longer than {longest:,} bytes, so it is no passenger"
    step = "Look for a quote that never closes or a line break that is missing, and land it again."
    return LineTooLong(file.name, cause, step)
