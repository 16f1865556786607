"""How a table shows itself in the Dagster UI: rows, columns with their meaning, a first look."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import dagster as dg

from titanic_model.contract import AFTER_THE_EVENT, FIELDS, LABEL, SOURCE_ID
from titanic_model.features import MEANINGS

if TYPE_CHECKING:
    import pyarrow as pa

    from titanic_assets.tables import Table

# The UI puts Markdown of so many characters behind a click.
_FOLDED_FROM = 1_000
_LEAST_LINES = 3  # header, rule and a row
_DESCRIPTIONS = {
    **MEANINGS,
    **{field.name: f"{field.explanation} Allowed: {field.allowed_text}." for field in FIELDS},
    **dict.fromkeys(AFTER_THE_EVENT, "Known only after the event; never a feature."),
    LABEL: "1 if the passenger survived.",
    SOURCE_ID: "The id that the source itself gives.",
    "home_dest": "Home and destination.",
    "unreadable": "A line that could not be split into columns, whole.",
    "source": "The list that the row came from.",
    "source_digest": "Digest of that list's content.",
    "source_line": "Line in that list; the header is line 1.",
    "passenger_id": "The number to look a passenger up by.",
    "passenger_key": "Normalised name and ticket: who is the same passenger.",
    "held_out": "True for the fifth of all tickets that no model is trained on.",
    "ticket_group": "Normalised ticket; families stay together by it.",
    "event_timestamp": "Since when the features hold: the day of sailing.",
    "rules": "The expectations that refused the row.",
    "reasons": "Why, in words.",
    "predicted": "When there was first a prediction for the passenger.",
    "request_id": "Of that prediction.",
    "caller": "Who asked for it, and told what became of the passenger.",
}


def column_schema(
    schema: pa.Schema, meanings: Mapping[str, str | None] = MappingProxyType({})
) -> dg.TableSchema:
    """An Arrow schema as Dagster shows it, each column with its meaning, or another one here."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=field.name,
                type=str(field.type),
                description=meanings.get(field.name) or _DESCRIPTIONS.get(field.name),
            )
            for field in schema
        ]
    )


def describe_table(table: Table, preview: list[str] | None = None) -> dict[str, Any]:
    """Row count and a preview of a table, as metadata of its asset."""
    first = table.head(8)
    shown = first[preview] if preview else first
    return {
        "dagster/row_count": table.rows,
        "dagster/column_schema": column_schema(table.schema),
        "size": f"{table.path.stat().st_size / 1e6:.2f} MB",
        "preview": dg.MetadataValue.md(top_of_table(shown.columns, shown.to_numpy().tolist())),
    }


def as_table(header: Any, rows: Any) -> str:
    """A Markdown table; missing values are shown as a dash."""
    lines = [_line(header), _line("---" for _ in header), *(_line(row) for row in rows)]
    return "\n".join(lines)


def top_of_table(header: Any, rows: Any) -> str:
    """As many of the first rows as are seen without a click, and one if it is too long for that."""
    lines = as_table(header, rows).splitlines()
    while len(lines) > _LEAST_LINES and len("\n".join(lines)) >= _FOLDED_FROM:
        lines.pop()
    return "\n".join(lines)


def _line(cells: Any) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    # Values come from lists: what Markdown would make a picture, a link or HTML of, is text.
    text = " ".join(str(value).splitlines())
    return text.replace("|", "\\|").replace("[", "\\[").replace("<", "&lt;")
