"""From validated passengers to the feature table, and on to the online store.

The feature table is the offline store as it stands: Feast reads the very Parquet file that
training reads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.tables import Table, write_table
from titanic_assets.training.feature_store import definitions, online_file, store_config
from titanic_model.features import FEATURE_VERSION, FEATURES, INPUTS
from titanic_model.online import (
    FEATURE_VIEW,
    PASSENGER_ID,
    ROWS_FIELD,
    VERSION_FIELD,
    WRITES_VIEW,
    WRITTEN_AT_FIELD,
    WRITTEN_VIEW,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from feast import FeatureStore
    from numpy.typing import NDArray

# Raised whenever a row in the online store gets to hold something else than before.
ROW_LAYOUT = 2
_SHOWN_ROWS = 50_000
_SHOWN = ["pclass", "female", "age", "family_size", "log_fare", "deck"]


def build_features(validated: Table, path: Path) -> Table:
    """Apply the transform to every validated passenger, chunk by chunk."""
    from titanic_model.schemas import FEATURES_SCHEMA

    return write_table(_feature_batches(validated), FEATURES_SCHEMA, path)


def _feature_batches(validated: Table) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    from titanic_model.features import derive_columns
    from titanic_model.identity import held_out, normalised
    from titanic_model.schemas import FEATURES_SCHEMA, SAILING

    keys = ["passenger_id", "passenger_key", "survived", "ticket"]
    for batch in validated.batches([*keys, *INPUTS]):
        # Arrow hands a column that can be empty to numpy as objects, numbers with NaN.
        matrix = derive_columns(
            {name: batch.column(name).to_numpy(zero_copy_only=False) for name in INPUTS}
        )
        tickets = normalised(batch.column("ticket"))
        yield pa.record_batch(
            [
                batch.column("passenger_id"),
                pa.repeat(pa.scalar(SAILING, pa.timestamp("us", tz="UTC")), batch.num_rows),
                batch.column("survived"),
                held_out(tickets, batch.column("passenger_key")),
                tickets,
                *map(pa.array, matrix.T),
            ],
            schema=FEATURES_SCHEMA,
        )


@dataclass(frozen=True)
class Sides:
    """How the split came out."""

    rows: int
    held_out: int
    tickets_on_both: int

    @property
    def held_out_share(self) -> float:
        """The share that no model is trained on."""
        return self.held_out / self.rows if self.rows else 0.0


def sides_of(features: Table) -> Sides:
    """Count both sides, and the tickets that stand on both, of which there must be none."""
    import numpy as np
    import pandas as pd
    import pyarrow.compute as pc

    rows = held_out = 0
    tickets: dict[bool, list[NDArray[np.int64]]] = {True: [], False: []}
    for batch in features.batches(["held_out", "ticket_group"]):
        rows += batch.num_rows
        held_out += batch.column("held_out").true_count
        # Without a ticket each passenger goes by a key of his own.
        with_ticket = batch.filter(pc.not_equal(batch.column("ticket_group"), ""))
        texts = with_ticket.column("ticket_group").to_numpy(zero_copy_only=False)
        hashes = np.fromiter(map(hash, texts), np.int64, count=len(texts))
        sides = with_ticket.column("held_out").to_numpy(zero_copy_only=False)
        for side, seen in tickets.items():
            seen.append(hashes[sides == side])
    trained_on = pd.Series(np.concatenate(tickets[False]))
    both = trained_on[trained_on.isin(np.concatenate(tickets[True]))]
    return Sides(rows, held_out, both.nunique())


def picture_features(features: Table) -> dg.MarkdownMetadataValue:
    """The features of those who died and of those who survived, over the first rows."""
    from titanic_assets.pictures import as_markdown, feature_distributions

    frame = features.head(_SHOWN_ROWS)
    picture = feature_distributions({name: frame[name] for name in _SHOWN}, frame["survived"])
    return dg.MetadataValue.md(as_markdown(picture, "features by fate"))


@dataclass(frozen=True)
class OnlineFeatures:
    """What lies in the online store after a run."""

    store: str
    view: str
    feature_version: int
    rows: int


def open_feature_store(folder: Path, features: Table) -> FeatureStore:
    """Feast over the feature table, SQLite as its online store, with its views registered."""
    from feast import FeatureStore

    folder.mkdir(parents=True, exist_ok=True)
    # With a log beside it, SQLite lets the feature server read while a run writes.
    with closing(sqlite3.connect(online_file(folder))) as database:
        database.execute("PRAGMA journal_mode=WAL")
    store = FeatureStore(config=store_config(folder))
    store.apply(definitions(features.path))
    return store


def write_online(features: Table, folder: Path) -> OnlineFeatures:
    """Put the newest features of every passenger where a service can look them up by id."""
    store = open_feature_store(folder, features)
    _write_times_as_feast_does()
    for batch in features.batches([PASSENGER_ID, "event_timestamp", *FEATURES]):
        rows = batch.to_pandas()
        rows[VERSION_FIELD] = FEATURE_VERSION
        store.write_to_online_store(FEATURE_VIEW, rows)
    store.write_to_online_store(WRITES_VIEW, _record_of_writing(features.rows))
    return OnlineFeatures(
        store=store.config.online_store.type,
        view=FEATURE_VIEW,
        feature_version=FEATURE_VERSION,
        rows=features.rows,
    )


def _write_times_as_feast_does() -> None:
    """How SQLite holds times is one thing for a whole process, and pandas has its own way of it.

    Once that has written to SQLite in this process, no other could read what Feast writes here.
    """
    import sqlite3

    from feast.infra.online_stores.sqlite import adapt_datetime_epoch, convert_timestamp

    sqlite3.register_adapter(datetime, adapt_datetime_epoch)
    sqlite3.register_converter("timestamp", convert_timestamp)


def _record_of_writing(rows: int) -> pd.DataFrame:
    import pandas as pd

    now = datetime.now(UTC)
    return pd.DataFrame(
        {
            WRITTEN_VIEW: [FEATURE_VIEW],
            "event_timestamp": [now],
            ROWS_FIELD: [rows],
            VERSION_FIELD: [FEATURE_VERSION],
            WRITTEN_AT_FIELD: [now.timestamp()],
        }
    )
