"""How the collected events show themselves in the Dagster UI."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from titanic_assets.canvas import COLOURS, GREY, panel, png_of
from titanic_assets.metadata import as_table, column_schema, top_of_table
from titanic_assets.monitoring.events.schema import PREDICTION_SCHEMA
from titanic_assets.pictures import as_markdown
from titanic_model.events import PredictionEvent

if TYPE_CHECKING:
    from titanic_assets.monitoring.events.collecting import Collection
    from titanic_assets.monitoring.events.labelled import Labelled
    from titanic_assets.monitoring.events.store import EventStore

_DAY = 86_400
_DAYS = 14
_MOST_VERSIONS = len(COLOURS)
_MOST_NAMED = 20
_MEANINGS = {
    **{name: info.description for name, info in PredictionEvent.model_fields.items()},
    "key": "Caller and request id, hashed: by it the outcome is found.",
    "said": "Whether it was said that the passenger survives.",
}


def describe_collection(collection: Collection, store: EventStore) -> dict[str, Any]:
    """What came in, what there is, and a picture of the last days."""
    totals = store.totals
    spans = sorted(store.versions().items(), key=lambda item: item[1].last, reverse=True)
    versions = [
        [version, span.rows, _moment(span.first), _moment(span.last)]
        for version, span in spans[:_MOST_NAMED]
    ]
    days, predictions, outcomes = last_days(store, time.time())
    return {
        "dagster/row_count": totals.predictions,
        "dagster/column_schema": column_schema(PREDICTION_SCHEMA, _MEANINGS),
        "new segments": collection.segments,
        "new predictions": collection.predictions,
        "new outcomes": collection.outcomes,
        "segments": totals.segments,
        "outcomes": totals.outcomes,
        "lines that are no events": totals.bad_lines,
        "versions": dg.MetadataValue.md(
            top_of_table(["version", "predictions", "first (UTC)", "last (UTC)"], versions)
        ),
        "by day": dg.MetadataValue.md(
            top_of_table(
                ["day (UTC)", "predictions", "outcomes"], _counted(days, predictions, outcomes)
            )
        ),
        "by day and version": dg.MetadataValue.md(
            as_markdown(picture_days(days, predictions, outcomes), "predictions by day")
        ),
    }


def unreadable(collection: Collection) -> str:
    """What could not be read in this collection, in words; empty if nothing."""
    texts = [refused.sentence for refused in collection.refused] + collection.unread
    more = len(texts) - _MOST_NAMED
    return "; ".join(texts[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def describe_labelled(labelled: Labelled) -> dict[str, Any]:
    """How many came of which, and why the others did not."""
    rows = [
        ["predictions whose outcome is known", labelled.predictions],
        ["asked for by their number, so known already", labelled.looked_up],
        ["of a passenger who is there already", labelled.again],
        ["of a passenger about whom callers contradict each other", labelled.contradicted],
        ["passengers who are in a list by name and ticket", labelled.known],
        ["passengers without name or ticket who may be known", labelled.perhaps_known],
        ["**passengers for training**", labelled.rows],
    ]
    return {"what became of them": dg.MetadataValue.md(as_table(["", "count"], rows))}


def last_days(store: EventStore, now: float) -> tuple[list[str], dict[str, list[int]], list[int]]:
    """Predictions of each version, and outcomes, on each of the last days."""
    today = int(now // _DAY)
    days = range(today - _DAYS + 1, today + 1)
    spans = [store.versions(day * _DAY, (day + 1) * _DAY - 1e-6) for day in days]
    found = {version: 0 for span in spans for version in span}
    versions = sorted(found, key=lambda name: (len(name), name))[-_MOST_VERSIONS:]
    counts = {
        version: [span[version].rows if version in span else 0 for span in spans]
        for version in versions
    }
    outcomes = [store.count_outcomes(day * _DAY, (day + 1) * _DAY - 1e-6) for day in days]
    names = [datetime.fromtimestamp(day * _DAY, UTC).strftime("%d %b") for day in days]
    return names, counts, outcomes


def _counted(
    days: Sequence[str], predictions: Mapping[str, Sequence[int]], outcomes: Sequence[int]
) -> list[list[object]]:
    """The days that anything came on, the newest first."""
    said = [sum(of_day) for of_day in zip(*predictions.values(), strict=True)] or [0] * len(days)
    rows: list[list[object]] = [
        [day, f"{many:,}", f"{told:,}"]
        for day, many, told in zip(days, said, outcomes, strict=True)
        if many or told
    ]
    return rows[::-1]


def picture_days(
    days: Sequence[str], predictions: Mapping[str, Sequence[int]], outcomes: Sequence[int]
) -> bytes:
    """Predictions by day, one colour a version, and how many outcomes were reported."""
    figure, axes = panel(height=2.6)
    below = [0] * len(days)
    for colour, (version, counts) in zip(COLOURS, predictions.items(), strict=False):
        axes.bar(days, counts, bottom=below, color=colour, width=0.7, label=f"version {version}")
        below = [under + count for under, count in zip(below, counts, strict=True)]
    axes.plot(days, outcomes, color=GREY, marker="o", markersize=3, linewidth=1, label="outcomes")
    axes.tick_params(axis="x", labelrotation=45)
    axes.set_title("Predictions and outcomes by day, UTC")
    axes.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return png_of(figure)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
