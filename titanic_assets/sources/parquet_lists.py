"""Reading passenger lists from Parquet: plain columns of any type, as text.

A row's line is the one it would have in a CSV file of the same rows, with the header on line 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from titanic_assets.sources.problems import BrokenParquet, NotAPassengerList
from titanic_assets.sources.raw_rows import PassengerList, no_rows, raw_batch, understand
from titanic_assets.sources.text import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from titanic_assets.sources.fetch import SourceFile

_ROWS_AT_A_TIME = 65_536
_FIRST_LINE = 2


def open_parquet(file: SourceFile) -> PassengerList:
    """Read the columns' names from the footer; the rows follow in batches."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with file.path.open("rb") as stream:
        try:
            footer = pq.read_metadata(stream)
            names = footer.schema.to_arrow_schema().names
        except (pa.ArrowException, OSError) as error:
            raise _broken(file, error) from None
    header = understand(names, file)
    if not footer.num_rows:
        raise no_rows(file)
    return PassengerList(header, _batches(file, header.columns))


def _batches(file: SourceFile, columns: dict[str, str]) -> Iterator[pa.RecordBatch]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    line = _FIRST_LINE
    try:
        # Without pre-buffering a row group is read page by page, however large it is.
        with pq.ParquetFile(file.path, pre_buffer=False) as parquet:
            for batch in parquet.iter_batches(_ROWS_AT_A_TIME, columns=list(columns)):
                lines = pa.array(np.arange(line, line + len(batch)))
                yield raw_batch(file, _texts(batch, columns, file), lines)
                line += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _broken(file, error) from None


def _texts(batch: pa.RecordBatch, columns: dict[str, str], file: SourceFile) -> dict[str, pa.Array]:
    """The wanted columns of a batch, by the contract's names."""
    import pyarrow as pa

    texts = {}
    for name, column in columns.items():
        values = batch.column(name)
        try:
            texts[column] = as_text(values)
        except pa.ArrowNotImplementedError:
            cause = f"column {name!r} holds {values.type}, not texts or numbers"
            raise NotAPassengerList(file.name, cause, "Write it as a plain column.") from None
    return texts


def _broken(file: SourceFile, error: Exception) -> BrokenParquet:
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    step = "Copy it here again, and look whether it was written to its end."
    return BrokenParquet(file.name, f"this Parquet file is cut off or damaged ({reason})", step)
