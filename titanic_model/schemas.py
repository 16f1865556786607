"""The tables that travel through the graph, column by column, derived from the contract."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from titanic_model.contract import FIELDS, LABEL, RAW_COLUMNS, SOURCE_ID
from titanic_model.features import FEATURES

PACKAGED_LIST = Path(__file__).parent / "data" / "titanic3.csv"

# Where a row came from: the list's name, the digest of its content, the line in it (the header
# is line 1; the first passenger is on line 2).
PROVENANCE = (
    ("source", pa.string()),
    ("source_digest", pa.string()),
    ("source_line", pa.int64()),
)

# Raw rows are kept as text, exactly as they came. A line that could not be split into columns is
# kept whole in `unreadable`.
RAW_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in RAW_COLUMNS),
        ("unreadable", pa.string()),
        *PROVENANCE,
    ]
)

_TYPES = {
    "integer": pa.int8(),
    "number": pa.float64(),
    "category": pa.string(),
    "text": pa.string(),
}

# What is known only after the event (boat, body) ends in raw data and is not carried over.
VALIDATED_SCHEMA = pa.schema(
    [
        ("passenger_id", pa.int64()),
        ("passenger_key", pa.string()),
        (LABEL, pa.int8()),
        *((field.name, _TYPES[field.kind]) for field in FIELDS),
        (SOURCE_ID, pa.string()),
        *PROVENANCE,
    ]
)

QUARANTINE_SCHEMA = pa.schema(
    [*RAW_SCHEMA, ("rules", pa.list_(pa.string())), ("reasons", pa.string())]
)

# The feature store wants to know since when a feature holds. What is in the list was known when
# the ship left Southampton, and a constant keeps the table's content reproducible.
SAILING = datetime(1912, 4, 10, 12, tzinfo=UTC)

FEATURES_SCHEMA = pa.schema(
    [
        ("passenger_id", pa.int64()),
        ("event_timestamp", pa.timestamp("us", tz="UTC")),
        (LABEL, pa.int8()),
        ("held_out", pa.bool_()),
        ("ticket_group", pa.string()),
        *((name, pa.float32()) for name in FEATURES),
    ]
)
