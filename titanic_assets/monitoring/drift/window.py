"""Which predictions a report on a version is about, and what is found in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from titanic_assets.monitoring.drift.counting import COLUMNS, Counted, count
from titanic_assets.monitoring.drift.reference import MOST_ROWS
from titanic_assets.monitoring.drift.report import FieldDrift
from titanic_model.reference import Reference

if TYPE_CHECKING:
    from titanic_assets.monitoring.events.store import EventStore

LOOK_BACK_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Window:
    """The predictions of a version from one time to another."""

    version: int
    since: float
    until: float

    def counted(self, store: EventStore, reference: Reference) -> Counted:
        """These predictions, in the bins of the reference."""
        batches = store.predictions(
            list(COLUMNS),
            since=self.since,
            until=self.until,
            version=str(self.version),
            outcomes=True,
        )
        return count(batches, reference, MOST_ROWS)


def choose_window(
    store: EventStore,
    version: int,
    created: float,
    taken_until: float | None,
    now: float,
    enough: int,
) -> Window:
    """The predictions since the last report, or where those are fewer, about the newest `enough`.

    Never what was said before the version was registered, for numbers begin anew when MLflow is
    forgotten; and nothing older than a week, which is no news. Those of one batch have one time
    and are taken in together, so there may be more.
    """
    oldest = max(created, now - LOOK_BACK_SECONDS)
    if taken_until is None:
        return Window(version, oldest, now)
    since = max(oldest, math.nextafter(taken_until, math.inf))
    new = store.versions(since, now).get(str(version))
    if new is not None and new.rows >= enough:
        return Window(version, since, now)
    newest = store.newest(enough, ["time"], since=oldest, until=now, version=str(version))
    return Window(version, newest["time"][0].as_py() if len(newest) else oldest, now)


def judge_fields(
    counted: Counted, reference: Reference, threshold: float
) -> tuple[FieldDrift, ...]:
    """Each field as the reference has it and as it was counted, with the verdict."""
    found = []
    for name, counts in counted.counts.items():
        field = counted.reference_of(name, reference)
        judged = reference.judge(field, counts.tolist(), threshold)
        now = counts / max(1, judged.n)
        found.append(
            FieldDrift(
                name=name,
                n=judged.n,
                index=judged.index,
                bar=judged.bar,
                drifted=judged.drifted,
                missing_then=field.shares[-1],
                missing_now=float(now[-1]),
                bins=field.labels,
                then=field.shares,
                now=tuple(now.tolist()),
            )
        )
    return tuple(found)
