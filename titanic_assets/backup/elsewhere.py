"""Stores that lie outside of TITANIC_HOME, which a backup of it does not reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.sources.addresses import shown

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

_SQLITE = "sqlite:///"


def stores_elsewhere(settings: Settings) -> tuple[str, ...]:
    """Each of them in a sentence, with what to do about it."""
    found = []
    tracking = settings.tracking_uri
    if not _is_below(tracking.removeprefix(_SQLITE), settings.places.home):
        found.append(
            f"MLflow's store is {shown(tracking)} (TITANIC_TRACKING_URI): back it up with the "
            "means of that database or server, right after this"
        )
    log = settings.predictions
    if not _is_below(log, settings.places.home):
        found.append(
            f"the prediction log is {shown(log)} (PREDICTION_LOG_URI): closed segments there never "
            "change, so copying them is enough"
        )
    return tuple(found)


def _is_below(place: str, home: Path) -> bool:
    return "://" not in place and Path(place).expanduser().resolve().is_relative_to(home)
