"""Tables on disk: what the graph's table assets hand to each other.

A `Table` is a Parquet file that has not been read yet, so a list of five million passengers
travels from asset to asset without ever being in memory as a whole.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CHUNK_ROWS = 250_000

# Values of which few occur twice: looking for repetitions in them costs a third of the writing.
_MOSTLY_UNIQUE = frozenset(
    [
        "name",
        "ticket",
        "ticket_group",
        "passenger_key",
        "passenger_id",
        "source_id",
        "source_line",
        "reasons",
    ]
)


@dataclass(frozen=True)
class Table:
    """A Parquet file, read as a whole or chunk by chunk."""

    path: Path

    @property
    def rows(self) -> int:
        """How many rows it has, from the file's footer."""
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.path).num_rows)

    @property
    def schema(self) -> pa.Schema:
        """Its column names and types."""
        import pyarrow.parquet as pq

        return pq.read_schema(self.path)

    def batches(
        self, columns: list[str] | None = None, rows: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Its rows in order, at most so many at a time."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            yield from file.iter_batches(batch_size=rows, columns=columns)

    @property
    def missing(self) -> dict[str, int]:
        """How many values each plain column lacks, from the file's footer."""
        import pyarrow.parquet as pq

        footer = pq.read_metadata(self.path)
        missing: Counter[str] = Counter()
        for group in map(footer.row_group, range(footer.num_row_groups)):
            for column in map(group.column, range(group.num_columns)):
                missing[column.path_in_schema] += column.statistics.null_count
        return missing

    def to_pandas(self, columns: list[str] | None = None) -> pd.DataFrame:
        """All of it in memory; for tables known to be small."""
        import pyarrow.parquet as pq

        frame: pd.DataFrame = pq.read_table(self.path, columns=columns).to_pandas()
        return frame

    def head(self, rows: int = 5) -> pd.DataFrame:
        """The first few rows, for a look."""
        for batch in self.batches(rows=rows):
            first: pd.DataFrame = batch.to_pandas()
            return first
        return self.to_pandas()


def write_table(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> Table:
    """Write a table so that a reader sees the old file or the new one, never half of either."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with pq.ParquetWriter(
            unfinished,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in _MOSTLY_UNIQUE],
        ) as writer:
            for batch in batches:
                writer.write_batch(batch)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Table(path)
