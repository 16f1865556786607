"""Values as raw text, the same from a CSV file, a Parquet file and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

# Texts that say "nothing is known here": an empty cell, R's NA, pandas' nan, SQL's NULL, OpenML's
# question mark. Only these exact spellings; a passenger may well be called "Null, Mr. Karl".
NOTHING = frozenset(
    ["", "?", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "none", "\\N", "<NA>"]
)


def as_text(values: pa.Array) -> pa.Array:
    """A column of any plain type as text, null where nothing is known.

    Truth values become 1 and 0, as `survived` is written. ArrowNotImplementedError for nested
    types.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    text = values if pa.types.is_string(values.type) else values.cast(pa.string())
    nothing = pc.is_in(text, pa.array(sorted(NOTHING)))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), text)


def values_as_text(values: list[Any]) -> pa.Array:
    """Python values as a database driver hands them over, as text."""
    import pyarrow as pa

    try:
        return as_text(pa.array(values))
    except (pa.ArrowException, OverflowError):
        # SQLite may hold several types in one column, and drivers have types of their own.
        return as_text(
            pa.array([None if v is None else _one_as_text(v) for v in values], pa.string())
        )


def _one_as_text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return str(int(value) if isinstance(value, bool) else value)
