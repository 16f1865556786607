"""Tells stores that hold absolute paths where they are now.

MLflow's database names each artifact's place, its models' descriptions theirs, and Feast's registry
the feature table. What Dagster and the prediction log say of paths is history and stays as it was.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from titanic_assets.backup.listing import files_under
from titanic_assets.backup.reading import is_sqlite
from titanic_assets.training.feature_store import registry_file
from titanic_model.places import Places


def move_paths(unpacked: Path, old: str, new: str) -> None:
    """In a home unpacked anywhere, replace the old home's path by the new one's."""
    if old == new:
        return
    places = Places(unpacked)
    for path in sorted(places.mlflow.glob("*")):
        if path.is_file() and is_sqlite(path):
            _move_in_database(path, old, new)
    for path in files_under(places.mlflow / "artifacts", hidden=True):
        if path.name == "MLmodel":
            _move_in_model(path, old, new)
    if registry_file(places.feature_store).exists():
        _move_in_registry(registry_file(places.feature_store), old, new)


def moved(text: str, old: str, new: str) -> str:
    """The text with the new path, if it begins with the old one.

    >>> moved("file:///a/mlflow", "/a", "/b"), moved("/a/mlflow", "/a", "/b")
    ('file:///b/mlflow', '/b/mlflow')
    >>> moved("/ab", "/a", "/b"), moved("see /a/c", "/a", "/b")
    ('/ab', 'see /a/c')
    """
    scheme = "file://" if text.startswith("file://") else ""
    path = text.removeprefix(scheme)
    if path == old or path.startswith(f"{old}/"):
        return f"{scheme}{new}{path.removeprefix(old)}"
    return text


def _move_in_database(path: Path, old: str, new: str) -> None:
    """Whichever column it is in: each release of MLflow may have another."""
    with closing(sqlite3.connect(path)) as database, database:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in database.execute(tables).fetchall():
            for (column,) in database.execute("SELECT name FROM pragma_table_info(?)", [table]):
                _move_in_column(database, _quoted(table), _quoted(column), old, new)


def _move_in_column(
    database: sqlite3.Connection, table: str, column: str, old: str, new: str
) -> None:
    for scheme in ("", "file://"):
        before, after = f"{scheme}{old}", f"{scheme}{new}"
        database.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - quoted
            f"WHERE typeof({column}) = 'text' "
            f"AND ({column} = ? OR substr({column}, 1, ?) = ?)",
            [after, len(before) + 1, before, len(before) + 1, f"{before}/"],
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _move_in_model(path: Path, old: str, new: str) -> None:
    import yaml

    try:
        model = yaml.safe_load(path.read_bytes())
    except yaml.YAMLError:
        return  # of a run that was only just writing it, or not MLflow's
    place = model.get("artifact_path") if isinstance(model, dict) else None
    if isinstance(place, str) and moved(place, old, new) != place:
        model["artifact_path"] = moved(place, old, new)
        path.write_text(yaml.safe_dump(model, allow_unicode=True), encoding="utf-8")


def _move_in_registry(path: Path, old: str, new: str) -> None:
    from feast.protos.feast.core.Registry_pb2 import Registry

    registry = Registry()
    registry.ParseFromString(path.read_bytes())
    sources = [*registry.data_sources]
    sources += [view.spec.batch_source for view in registry.feature_views]
    for source in sources:
        if source.HasField("file_options"):
            source.file_options.uri = moved(source.file_options.uri, old, new)
            # A source that was given no name is called by its path.
            source.name = moved(source.name, old, new)
    path.write_bytes(registry.SerializeToString())
