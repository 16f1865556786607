"""Writing a table piece by piece, so that readers see the old one until the new one is whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq


class UnfinishedTable:
    """A Parquet file under a name of its own until it is put in place."""

    def __init__(self, path: Path, schema: pa.Schema, *, unlike: tuple[str, ...] = ()) -> None:
        """Start the file; columns in `unlike` differ from row to row and get no dictionary."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        self._schema = schema
        self._writer = pq.ParquetWriter(
            self._unfinished,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in unlike],
        )
        self.rows = 0

    def write(self, columns: list[pa.Array]) -> None:
        """Append rows."""
        batch = pa.record_batch(columns, schema=self._schema)
        self._writer.write_batch(batch)
        self.rows += len(batch)

    def put_in_place(self) -> None:
        """Finish the file and let it replace the one at its path."""
        self._writer.close()
        self._unfinished.replace(self._path)

    def discard(self) -> None:
        """Leave nothing behind if it was not put in place."""
        self._writer.close()
        self._unfinished.unlink(missing_ok=True)


@contextmanager
def unfinished_table(
    path: Path, schema: pa.Schema, *, unlike: tuple[str, ...] = ()
) -> Iterator[UnfinishedTable]:
    """A table that exists afterwards only if it was put in place."""
    table = UnfinishedTable(path, schema, unlike=unlike)
    try:
        yield table
    finally:
        table.discard()
