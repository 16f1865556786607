"""What a performance report says, as it lies on disk: its verdict first, then each version.

Read by whoever shows it or acts on it; light, as sensors and the monitor's server do so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from titanic_assets.monitoring.verdicts import read_value
from titanic_model.outcomes import Kept, OutcomeFigures, Promise
from titanic_model.resampling import Interval

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

PERFORMANCE_REPORT = "performance_report"

Role = Literal["champion", "challenger", "earlier"]


@dataclass(frozen=True)
class Day:
    """The predictions of one day (UTC, as 2026-11-21) whose outcomes are known."""

    day: str
    outcomes: int
    accuracy: float
    accuracy_interval: Interval
    brier: float
    gap: float


@dataclass(frozen=True)
class VersionPerformance:
    """One version's answers. It is judged by the newest of them, the days show more."""

    version: int
    digest: str
    role: Role
    predictions: int
    # Of how many of these it is known what became of the passengers, and of how many of the newest
    # the version may have learnt so in training: these are left out.
    known: int
    learnt: int
    promise: Promise | None
    # Of the newest outcomes, from the first to the last prediction (seconds since 1970, UTC).
    first: float | None
    last: float | None
    figures: OutcomeFigures | None
    kept: Kept
    days: tuple[Day, ...]


@dataclass(frozen=True)
class PerformanceReport:
    """The whole report. What comes before `versions` is its verdict, as `verdicts` reads it."""

    # The same for a report of the same newest outcomes of the same champion.
    report_id: str
    made: float
    asks_for_training: bool
    why: str
    link: str | None
    versions: tuple[VersionPerformance, ...]

    @property
    def champion(self) -> VersionPerformance | None:
        """The one that asks for training; None while it has made no predictions."""
        return next((each for each in self.versions if each.role == "champion"), None)


def read_performance_report(settings: Settings) -> PerformanceReport | None:
    """The newest report; None before there is one."""
    return read_value(settings, PERFORMANCE_REPORT, PerformanceReport)
