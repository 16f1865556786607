"""Watches Dagster's daemon from outside of it: decides when it has stopped, and when it is back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from titanic_assets.alerts.alert import Alert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from titanic_assets.monitor.health import Daemon, DagsterHealth

KEY = "dagster-daemon"
# Each part gives a sign of life every 30 seconds, and the scheduler, which sleeps from minute to
# minute, every 60. One may be missing, and the next a little late.
_SILENT_SECONDS = 90.0
_SCHEDULER_SILENT_SECONDS = 150.0
# Whoever was asleep, or has just come, gives the others the time to say that they live.
_GRACE_SECONDS = 90.0
_ASLEEP_SECONDS = 60.0
# What cannot be read for so long is as good as stopped: nobody can tell.
_UNREADABLE_SECONDS = 300.0
# Told again so often; the ledger decides which of these somebody hears.
_TOLD_EVERY_SECONDS = 3600.0


@dataclass(frozen=True)
class State:
    """What the watch remembers from one look to the next."""

    awake_since: float
    looked: float
    readable: float
    # When it was last told of, while it is stopped.
    told: float | None = None
    alive: bool = False


@dataclass(frozen=True)
class Step:
    """What to do after a look."""

    state: State
    do: Literal["raise", "close"] | None = None
    why: str = ""


def begin(now: float) -> State:
    """The state before the first look."""
    return State(awake_since=now, looked=now, readable=now)


def decide(state: State, health: DagsterHealth | None, problem: str | None, now: float) -> Step:
    """What a look says. `health` is None when Dagster's storage could not be read."""
    awake_since = now if now - state.looked > _ASLEEP_SECONDS else state.awake_since
    state = replace(
        state, awake_since=awake_since, looked=now, readable=now if health else state.readable
    )
    trouble = silence(health, now) if health else _unreadable(state, problem, now)
    if not trouble:
        if health is None or state.alive:
            return Step(state)
        # At the first look, too: it may have stopped under the eyes of an earlier monitor.
        return Step(replace(state, alive=True, told=None), "close")
    state = replace(state, alive=False)
    if now - awake_since < _GRACE_SECONDS:
        return Step(state)
    if state.told is not None and now - state.told < _TOLD_EVERY_SECONDS:
        return Step(state)
    return Step(replace(state, told=now), "raise", trouble)


def silent(health: DagsterHealth, now: float) -> dict[str, float | None]:
    """The parts of the daemon that have said nothing for too long, and since how many seconds."""
    return {
        each.name: None if each.heartbeat is None else now - each.heartbeat
        for each in health.daemons
        if each.heartbeat is None or now - each.heartbeat > _patience(each)
    }


def silence(health: DagsterHealth, now: float) -> str:
    """The same in words; empty when all of it lives."""
    found = silent(health, now)
    if not found:
        return ""
    which = "all of it" if len(found) == len(health.daemons) else ", ".join(sorted(found))
    known = [age for age in found.values() if age is not None]
    for_long = f"for {_words(max(known))}" if known else "since this home was made"
    return f"{which} has given no sign of life {for_long}"


def _patience(part: Daemon) -> float:
    return _SCHEDULER_SILENT_SECONDS if part.name == "scheduler" else _SILENT_SECONDS


def alert(why: str, links: Mapping[str, str]) -> Alert:
    """The news that it has stopped."""
    return Alert(
        kind="daemon_stopped",
        key=KEY,
        severity="critical",
        title="Dagster's daemon has stopped",
        text=(
            f"Dagster's daemon: {why}. Predictions go on as they are, but no schedule and no "
            "sensor starts anything now: no training, no new release, no rollback, no report. "
            "See logs/dagster.log under TITANIC_HOME, and start the daemon again (stop "
            "`make run` with Ctrl-C and start it anew)."
        ),
        links=links,
    )


def _unreadable(state: State, problem: str | None, now: float) -> str:
    so_long = now - state.readable
    if so_long < _UNREADABLE_SECONDS:
        return ""
    return f"whether it lives cannot be told for {_words(so_long)}, as {problem}"


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"
