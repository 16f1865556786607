"""Where asset values lie on disk: tables as Parquet, records as JSON.

An asset that fails hands over nothing, and a new value replaces the old one in a single rename, so
whoever reads downstream finds the last good value or the new one.
"""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from titanic_assets.tables import Table


class AssetFiles(dg.ConfigurableIOManager):  # type: ignore[misc]
    """Keeps a `Table` as a Parquet file and any other typed value as a JSON file."""

    folder: str

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Move a finished table into its place, or write a record."""
        if isinstance(obj, Table):
            path = self._path(context, "parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(obj.path, path)
        else:
            from pydantic import TypeAdapter

            path = self._path(context, "json")
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
            unfinished.write_bytes(TypeAdapter(type(obj)).dump_json(obj, indent=1))
            os.replace(unfinished, path)

    def load_input(self, context: dg.InputContext) -> Any:
        """Open the table, or read the record back as the type that the asset asks for."""
        wanted = context.dagster_type.typing_type
        path = self._path(context, "parquet" if wanted is Table else "json")
        if not path.exists():
            asset = context.asset_key.to_user_string()
            raise dg.Failure(f"{asset} has no value yet: materialise it first.")
        if wanted is Table:
            return Table(path)
        from pydantic import TypeAdapter

        return TypeAdapter(wanted).validate_json(path.read_bytes())

    def _path(self, context: dg.OutputContext | dg.InputContext, kind: str) -> Path:
        return Path(self.folder).joinpath(*context.asset_key.path).with_suffix(f".{kind}")
