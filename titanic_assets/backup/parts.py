"""What a backup is made of, and in which order, so that it is consistent while all runs.

What remembers that something was done is copied before what it was done to. A restored stack may
then do a thing again, which is harmless everywhere here, and never believes in what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.backup.copying import OPEN_SEGMENT, Copying
from titanic_assets.backup.listing import files_under
from titanic_assets.backup.reading import is_sqlite
from titanic_model.published import CURRENT

if TYPE_CHECKING:
    from titanic_assets.settings import Settings
    from titanic_model.places import Places


def folders(places: Places) -> tuple[Path, ...]:
    """Where what is backed up lies. Not the logs of the processes."""
    return (
        places.dagster,
        places.tables,
        places.feature_store,
        places.releases,
        places.bentoml,
        places.ledger.parent,
        places.mlflow,
        places.landing,
        places.quarantine,
        places.reports,
        places.events,
        places.prediction_log,
    )


def _dagster(copying: Copying, settings: Settings) -> None:
    """The sensors' cursors, then the runs they refer to, then the events of those."""
    dagster = settings.places.dagster
    events = dagster / "history" / "runs"
    index = events / "index.db"
    copying.in_place(files_under(dagster / "schedules", hidden=True))
    copying.in_place(path for path in (dagster / "history").glob("*.db") if path.is_file())
    # An event of an asset is in its run's file before it is in the index of all.
    copying.in_place(path for path in [index] if path.exists())
    copying.in_place(path for path in files_under(events, hidden=True) if path != index)
    copying.files(files_under(dagster / "storage", hidden=True))
    copying.files([dagster / "dagster.yaml"])


def _values(copying: Copying, settings: Settings) -> None:
    copying.files(files_under(settings.places.tables))
    copying.in_place(files_under(settings.places.feature_store))


def _releases(copying: Copying, settings: Settings) -> None:
    """Before the registry, so that no live release is newer than what that knows."""
    releases = settings.places.releases
    with copying.holding(releases / ".lock"):
        copying.files([releases / CURRENT])
        copying.files(files_under(releases))


def _bentos(copying: Copying, settings: Settings) -> None:
    """They could be built again, and yet a restored machine is to serve at once."""
    store = settings.places.bentoml
    with copying.holding(store / ".lock"):
        for name in ("bentos", "models"):
            copying.files(files_under(store / name, hidden=True))


def _registry(copying: Copying, settings: Settings) -> None:
    """Both in one moment, under the lock by which promotions go."""
    ledger, mlflow = settings.places.ledger, settings.places.mlflow
    with copying.holding(ledger.with_suffix(".lock")):
        copying.files(files_under(ledger.parent))
        databases = [path for path in sorted(mlflow.glob("*")) if path.is_file()]
        copying.in_place(path for path in databases if is_sqlite(path))


def _artifacts(copying: Copying, settings: Settings) -> None:
    """After the registry: what that names was there before."""
    copying.files(files_under(settings.places.mlflow / "artifacts", hidden=True))


def _from_outside(copying: Copying, settings: Settings) -> None:
    places = settings.places
    copying.in_place(files_under(places.landing), settings.landing_settle_seconds)
    copying.files(files_under(places.quarantine))
    copying.files(files_under(places.reports))


def _events(copying: Copying, settings: Settings) -> None:
    """What names the files first: none that it names is ever removed, or changed.

    Before the log, of which it knows what was collected.
    """
    events = settings.places.events
    copying.in_place(path for path in sorted(events.glob("*.db")) if path.is_file())
    copying.files(files_under(events))


def _prediction_log(copying: Copying, settings: Settings) -> None:
    # Listed twice: a segment that is renamed just then may be missed by one listing.
    for _ in range(2):
        for path in files_under(settings.places.prediction_log):
            if path.name.endswith(OPEN_SEGMENT):
                copying.segment(path)
            else:
                copying.files([path])


PARTS: Mapping[str, Callable[[Copying, Settings], None]] = {
    "Dagster's history": _dagster,
    "values of the assets, online features": _values,
    "releases": _releases,
    "bentos": _bentos,
    "registry and ledger": _registry,
    "artifacts of MLflow": _artifacts,
    "landed lists, quarantine and reports": _from_outside,
    "collected events": _events,
    "prediction log": _prediction_log,
}
