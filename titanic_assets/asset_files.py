"""Where asset values lie on disk: tables as Parquet, texts as they are, records as JSON.

An asset that fails hands over nothing, and a new value replaces the old one in a single rename, so
whoever reads downstream finds the last good value or the new one.
"""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from titanic_assets.tables import Table


class AssetFiles(dg.ConfigurableIOManager):
    """Keeps a `Table` as a Parquet file, a text as Markdown, any other typed value as JSON."""

    folder: str

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Move a finished table into its place, or write a text or a record."""
        path = self._path(context, type(obj))
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(obj, Table):
            os.replace(obj.path, path)
            return
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        unfinished.write_bytes(_as_bytes(obj))
        os.replace(unfinished, path)

    def load_input(self, context: dg.InputContext) -> Any:
        """Open the table, or read a value back as the type that the asset asks for."""
        wanted = context.dagster_type.typing_type
        path = self._path(context, wanted)
        if not path.exists():
            asset = context.asset_key.to_user_string()
            raise dg.Failure(f"{asset} has no value yet: materialise it first.")
        if wanted is Table:
            return Table(path)
        if wanted is str:
            return path.read_text(encoding="utf-8")
        from pydantic import TypeAdapter

        return TypeAdapter(wanted).validate_json(path.read_bytes())

    def _path(self, context: dg.OutputContext | dg.InputContext, kind: type) -> Path:
        suffix = {Table: ".parquet", str: ".md"}.get(kind, ".json")
        return Path(self.folder).joinpath(*context.asset_key.path).with_suffix(suffix)


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_json(value, indent=1)
