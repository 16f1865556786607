"""When a sensor or schedule should tick next, and which of them the code no longer has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from titanic_assets.monitor.health import Automation

# One that is in the code ticks, or hangs in a tick, while its fellows do.
_GONE_AFTER_SECONDS = 300.0
_IN_TIME_SECONDS = 60.0


def sensor_due(last: float | None, interval: float | None) -> float | None:
    """So long after its last tick as it asks for."""
    return None if last is None or interval is None else last + interval


def schedule_due(
    cron: str | Sequence[str], last: float | None, since: float | None
) -> float | None:
    """The next time by the clock after its last tick, or after it was switched on."""
    from dagster._utils.schedules import schedule_execution_time_iterator

    known = [moment for moment in (last, since) if moment is not None]
    if not known:
        return None
    times = schedule_execution_time_iterator(max(known), cron, "UTC")
    return next(at for each in times if (at := each.timestamp()) > max(known))


def in_the_code(automations: Iterable[Automation], now: float) -> tuple[Automation, ...]:
    """Those that are still there, each name once.

    Dagster keeps what it knows of a sensor that was removed. Such a one does not tick, while the
    others of its code location do; and it does not hang in a tick either.
    """
    newest: dict[tuple[str, str], Automation] = {}
    for each in sorted(automations, key=lambda each: each.tick.at if each.tick else 0.0):
        newest[each.kind, each.name] = each
    ticking = {
        each.location
        for each in newest.values()
        if each.on
        and each.kind == "sensor"
        and each.due is not None
        and each.overdue(now) < _IN_TIME_SECONDS
    }
    return tuple(
        each
        for _, each in sorted(newest.items())
        if not (
            each.kind == "sensor"
            and each.location in ticking
            and each.overdue(now) > _GONE_AFTER_SECONDS
            and (each.tick is None or each.tick.status != "started")
        )
    )
