"""Opening a passenger list, whatever its format, and making sure that it stayed the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from titanic_assets.sources.csv_lists import open_csv
from titanic_assets.sources.fetch import SourceFile, check_unchanged
from titanic_assets.sources.parquet_lists import open_parquet
from titanic_assets.sources.problems import (
    CannotOpen,
    EmptyFile,
    UnavailableSource,
    UnreadableSource,
)
from titanic_assets.sources.raw_rows import PassengerList

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


def read_batches(file: SourceFile) -> Iterator[pa.RecordBatch]:
    """The rows of a list as raw text with their provenance, in bounded memory."""
    return open_list(file).batches


def open_list(file: SourceFile) -> PassengerList:
    """Read the header; a `SourceProblem` says what is wrong with the file, if anything is."""
    try:
        if not file.size:
            raise EmptyFile(file.name, "the file is empty", "Land it again with the list in it.")
        opened = open_parquet(file) if file.is_parquet else open_csv(file)
    except (UnreadableSource, OSError) as error:
        raise _named(error, file) from None
    return PassengerList(opened.header, _unchanged_throughout(opened.batches, file))


def _unchanged_throughout(
    batches: Iterator[pa.RecordBatch], file: SourceFile
) -> Iterator[pa.RecordBatch]:
    """The batches, and at the end the certainty that they are what the digest describes."""
    try:
        yield from batches
    except (UnreadableSource, OSError) as error:
        raise _named(error, file) from None
    check_unchanged(file)


def _named(error: Exception, file: SourceFile) -> Exception:
    """What went wrong, in terms of the list; a file caught in mid-write is not a broken one."""
    check_unchanged(file)
    if isinstance(error, PermissionError):
        step = "Let the user that runs this read it (chmod a+r)."
        return CannotOpen(file.name, "access is denied", step)
    if isinstance(error, OSError):
        step = "Look at the disk or share it lies on, and run again."
        return UnavailableSource(file.name, f"it cannot be read ({error.strerror})", step)
    return error
