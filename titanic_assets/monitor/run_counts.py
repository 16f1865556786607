"""The runs that ended, counted: each once, however often its record is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from titanic_assets.monitor.metrics import RUN_SECONDS

Ending = Literal["success", "failure", "canceled"]


@dataclass(frozen=True)
class EndedRun:
    """A run that is over. A run that was never started has no `seconds`."""

    run_id: str
    job: str
    ending: Ending
    ended: float
    seconds: float | None


@dataclass(frozen=True)
class Durations:
    """How long runs took: of each bound how many took no longer, and all of them together."""

    within: tuple[int, ...]
    count: int
    sum: float


@dataclass(frozen=True)
class RunCounts:
    """All runs so far, per job."""

    endings: Mapping[tuple[str, Ending], int]
    durations: Mapping[str, Durations]
    last_success: Mapping[str, float]


class Counting:
    """Counts on. It remembers whom it has counted, a hundred bytes a run."""

    def __init__(self) -> None:
        self._counted: set[str] = set()
        self._endings: Counter[tuple[str, Ending]] = Counter()
        self._seconds: dict[str, list[float]] = {}
        self._last_success: dict[str, float] = {}

    def add(self, run: EndedRun) -> None:
        """Count it, unless it is counted already."""
        if run.run_id in self._counted:
            return
        self._counted.add(run.run_id)
        self._endings[run.job, run.ending] += 1
        if run.ending == "success":
            before = self._last_success.get(run.job, run.ended)
            self._last_success[run.job] = max(before, run.ended)
        # Somebody's patience is not how long the work takes.
        if run.seconds is not None and run.ending != "canceled":
            *bounds, count, total = self._seconds.setdefault(run.job, [0.0] * _SLOTS)
            within = [
                number + (run.seconds <= bound)
                for number, bound in zip(bounds, RUN_SECONDS, strict=True)
            ]
            self._seconds[run.job] = [*within, count + 1, total + run.seconds]

    def so_far(self) -> RunCounts:
        """What was counted until now."""
        return RunCounts(
            endings=dict(self._endings),
            durations={
                job: Durations(tuple(int(each) for each in within), int(count), total)
                for job, (*within, count, total) in self._seconds.items()
            },
            last_success=dict(self._last_success),
        )


_SLOTS = len(RUN_SECONDS) + 2
