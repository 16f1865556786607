"""A database table, copied row by row into a Parquet file of texts.

The order is that of the primary key, or of all columns where there is none, because a database
promises no other; the digest is of names and values in that order.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titanic_assets.sources.addresses import shown, without_secrets
from titanic_assets.sources.problems import UnavailableSource, UnknownSource
from titanic_assets.sources.text import values_as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from sqlalchemy import ColumnClause, ColumnElement, Connection, Engine, Select

_ROWS_AT_A_TIME = 50_000
_CONNECT_SECONDS = 10


def copy_table(address: str, path: Path) -> str:
    """Copy the table at `address` (a SQLAlchemy URL, `#`, the table) and return its digest."""
    import pyarrow as pa
    from sqlalchemy.exc import SQLAlchemyError

    from titanic_assets.tables import write_table

    engine = _engine(address)
    digest = hashlib.sha256()

    def text_batches(result: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for rows in result.partitions(_ROWS_AT_A_TIME):
            columns = [values_as_text(list(values)) for values in zip(*rows, strict=True)]
            batch = pa.record_batch(columns, schema=schema)
            digest.update(batch.serialize())
            yield batch

    try:
        with engine.connect() as connection:
            query = _whole_table(connection, address)
            schema = pa.schema([(column.name, pa.string()) for column in query.selected_columns])
            digest.update("\n".join(schema.names).encode())
            streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
            write_table(text_batches(streaming.execute(query), schema), schema, path)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        cause = f"the database does not answer ({without_secrets(reason, address)})"
        step = "Look whether it is up, and whether host, database, user and password are right."
        raise UnavailableSource(shown(address), cause, step) from None
    finally:
        engine.dispose()
    return digest.hexdigest()


def _engine(address: str) -> Engine:
    """The way to the database; nothing is connected to yet."""
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        url = make_url(address.partition("#")[0])
        if url.drivername in {"postgres", "postgresql"}:
            # Which driver plain `postgresql` means differs between versions of SQLAlchemy.
            url = url.set(drivername="postgresql+psycopg2")
        if url.get_backend_name() == "sqlite":
            _existing_file(url.database, address)
            return create_engine(url)
        return create_engine(url, connect_args={"connect_timeout": _CONNECT_SECONDS})
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        cause = "this is not the address of a database"
        step = (
            "Write it as postgresql://user:password@host:5432/database#table, "
            "with signs such as @ in a password as %40."
        )
        raise UnknownSource(shown(address), cause, step) from None


def _existing_file(database: str | None, address: str) -> None:
    """SQLite would create a database that is not there; reading one must not."""
    if not Path(database or "").is_file():
        step = "Look at the path: sqlite:///relative.db#table or sqlite:////absolute/path.db#table."
        raise UnavailableSource(shown(address), "there is no such database file", step)


def _whole_table(connection: Connection, address: str) -> Select[Any]:
    """All columns and rows of the table or view, in an order that stays."""
    from sqlalchemy import String, cast, column, inspect, select, table

    inspector = inspect(connection)
    wanted = address.partition("#")[2]
    schema, name = None, wanted
    if not inspector.has_table(name) and "." in name:
        schema, _, name = name.partition(".")
    if not name or not inspector.has_table(name, schema):
        there = sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)])
        cause = f"there is no table {wanted!r}" if wanted else "no table is named"
        step = f"Name one after the #; tables there: {', '.join(there) or 'none'}."
        raise UnavailableSource(shown(address), cause, step)
    columns: list[ColumnClause[Any]] = [
        column(found["name"]) for found in inspector.get_columns(name, schema)
    ]
    keys = inspector.get_pk_constraint(name, schema)["constrained_columns"]
    order: list[ColumnElement[Any]] = [column(key) for key in keys] or [
        cast(each, String) for each in columns
    ]
    return select(*columns).select_from(table(name, schema=schema)).order_by(*order)
