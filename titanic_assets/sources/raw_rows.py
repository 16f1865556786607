"""What all readers of lists share: the header's meaning and the shape of a raw row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from titanic_assets.sources.problems import NoRows, NotAPassengerList
from titanic_model.contract import Header, WrongHeader, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from titanic_assets.sources.fetch import SourceFile


@dataclass(frozen=True)
class PassengerList:
    """A list that has been opened: what its columns mean, and its rows in `RAW_SCHEMA`."""

    header: Header
    batches: Iterator[pa.RecordBatch]


def understand(names: list[str], file: SourceFile) -> Header:
    """What the columns mean, or the error that says which are missing."""
    try:
        return read_header(names)
    except WrongHeader as error:
        step = "Correct the header and land the list again."
        if len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
            step = "Separate the columns by commas and land the list again."
        raise NotAPassengerList(file.name, str(error).rstrip("."), step) from None


def no_rows(file: SourceFile) -> NoRows:
    """The error for a list without passengers."""
    step = "Land it again when there are passengers in it."
    return NoRows(file.name, "there is a header and not a single passenger", step)


def raw_batch(file: SourceFile, columns: Mapping[str, pa.Array], lines: pa.Array) -> pa.RecordBatch:
    """Rows in `RAW_SCHEMA`: the columns that came, nulls for the rest, and where they are from."""
    import pyarrow as pa

    from titanic_model.schemas import RAW_SCHEMA

    rows = len(lines)
    known = {
        **columns,
        "source": pa.repeat(file.name, rows),
        "source_digest": pa.repeat(file.digest, rows),
        "source_line": lines,
    }
    arrays = [
        known[field.name] if field.name in known else pa.nulls(rows, field.type)
        for field in RAW_SCHEMA
    ]
    return pa.record_batch(arrays, schema=RAW_SCHEMA)


def in_order_of_lines(rows: pa.RecordBatch, bad: pa.RecordBatch) -> pa.RecordBatch:
    """Readable rows and unreadable lines together, as they stood in the list."""
    import pyarrow as pa

    together = pa.Table.from_batches([rows, bad]).sort_by("source_line")
    return together.combine_chunks().to_batches()[0]
