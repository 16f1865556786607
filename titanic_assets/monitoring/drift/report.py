"""What a drift report says, as it lies on disk: its verdict first, then each version's fields.

Read by whoever shows it or acts on it; light, as sensors and the monitor's server do so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from titanic_assets.monitoring.verdicts import read_value

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

DRIFT_REPORT = "drift_report"

Role = Literal["champion", "challenger", "earlier"]


@dataclass(frozen=True)
class FieldDrift:
    """One field of the passengers, or the answers themselves (`probability`).

    `index` is the population stability index of the `n` predictions that were counted, and `bar`
    what it had to exceed: the threshold, or what chance explains of so few. `bins` are the labels
    of the bins, `then` and `now` the shares in them; the last is that of missing values.
    """

    name: str
    n: int
    index: float
    bar: float
    drifted: bool
    missing_then: float
    missing_now: float
    bins: tuple[str, ...]
    then: tuple[float, ...]
    now: tuple[float, ...]


@dataclass(frozen=True)
class Quality:
    """How good the answers were where it is known what became of the passengers."""

    outcomes: int
    accuracy: float
    # Evidently's page about them.
    link: str | None = None


@dataclass(frozen=True)
class VersionDrift:
    """The predictions of one version, from `first` to `last` (seconds since 1970, UTC)."""

    version: int
    digest: str
    role: Role
    predictions: int
    first: float | None
    last: float | None
    # Fewer tell chance, not drift: then no field has drifted, whatever its index.
    enough: bool
    fields: tuple[FieldDrift, ...]
    quality: Quality | None
    # Evidently's page; without one, the reason.
    link: str | None
    no_page: str | None

    @property
    def drifted(self) -> tuple[FieldDrift, ...]:
        """The fields that have drifted, the farthest first."""
        moved = (field for field in self.fields if field.drifted)
        return tuple(sorted(moved, key=lambda field: -field.index))


@dataclass(frozen=True)
class DriftReport:
    """The whole report. What comes before `versions` is its verdict, as `verdicts` reads it."""

    # The same for a report of the same newest predictions of the same champion.
    report_id: str
    made: float
    asks_for_training: bool
    why: str
    link: str | None
    threshold: float
    versions: tuple[VersionDrift, ...]

    @property
    def champion(self) -> VersionDrift | None:
        """The one whose drift asks for training; None where there is no champion."""
        return next((each for each in self.versions if each.role == "champion"), None)

    @property
    def drift_of_each(self) -> Mapping[tuple[int, str], FieldDrift]:
        """Every field of every version, by version and name."""
        return {(v.version, field.name): field for v in self.versions for field in v.fields}


def read_drift_report(settings: Settings) -> DriftReport | None:
    """The newest report; None before there is one."""
    return read_value(settings, DRIFT_REPORT, DriftReport)
