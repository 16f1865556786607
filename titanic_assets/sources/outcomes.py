"""Passengers whose outcome was reported to the service, as one more list, read after all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from titanic_assets.sources.found import FoundSource
from titanic_assets.tables import Table

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

# The list's name. Files end in .csv or .parquet and tables have addresses: no other has it.
OUTCOMES = "outcomes"
TABLE = "labelled_passengers"


def reported_outcomes(settings: Settings) -> tuple[FoundSource, ...]:
    """The list, where there is one with passengers in it and it is wanted."""
    path = settings.places.tables / f"{TABLE}.parquet"
    try:
        if not settings.train_on_outcomes or not Table(path).rows:
            return ()
    except FileNotFoundError:  # nothing was collected yet
        return ()
    return (FoundSource(OUTCOMES, str(path), address=str(path), is_replaced=True),)
