"""How Dagster is, as one look at its storage shows it. Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from titanic_assets.monitor.run_counts import RunCounts

TickStatus = Literal["started", "skipped", "success", "failure"]
TICK_STATUSES: tuple[TickStatus, ...] = ("started", "skipped", "success", "failure")


@dataclass(frozen=True)
class Daemon:
    """A part of Dagster's daemon that has to run; `heartbeat` is None if it never did."""

    name: str
    heartbeat: float | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tick:
    """A time that a sensor looked, or a schedule was due."""

    at: float
    status: TickStatus


@dataclass(frozen=True)
class Automation:
    """A sensor or schedule. `due` is when it should tick next; None where nobody can tell."""

    kind: Literal["sensor", "schedule"]
    name: str
    location: str
    on: bool
    tick: Tick | None
    due: float | None

    def overdue(self, now: float) -> float:
        """For how long it should have ticked."""
        return max(0.0, now - self.due) if self.on and self.due is not None else 0.0


@dataclass(frozen=True)
class Run:
    """One run, as much of it as a list shows."""

    run_id: str
    job: str
    status: str
    asked: float
    started: float | None
    ended: float | None


@dataclass(frozen=True)
class DagsterHealth:
    """One look."""

    at: float
    daemons: tuple[Daemon, ...]
    automations: tuple[Automation, ...]
    in_progress: tuple[Run, ...]
    # The newest first, those in progress among them.
    last_runs: tuple[Run, ...]
    counts: RunCounts
    # When each asset was last materialised.
    assets: Mapping[str, float]
