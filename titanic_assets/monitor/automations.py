"""The sensors and schedules in Dagster's storage: whether they are on, and how they last ticked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from titanic_assets.monitor.due import in_the_code, schedule_due, sensor_due
from titanic_assets.monitor.health import Automation, Tick, TickStatus

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from dagster._core.scheduler.instigation import InstigatorState

# A tick is looked for among those since the last one known. A sensor makes thousands a day, and
# Dagster sorts all that it is asked for.
_BEFORE_SECONDS = 1.0


@dataclass(frozen=True)
class Known:
    """The last tick of a sensor or schedule, and what Dagster had noted of it then."""

    noted: object
    tick: Tick | None


def read_automations(
    instance: DagsterInstance, known: Mapping[str, Known], now: float
) -> tuple[tuple[Automation, ...], dict[str, Known]]:
    """All of them, and what is known of each the next time."""
    states = instance.all_instigator_state()
    ticks = {
        state.selector_id: Known(
            state.instigator_data, _last_tick(instance, state, known.get(state.selector_id))
        )
        for state in states
    }
    found = [_automation(state, ticks[state.selector_id].tick) for state in states]
    return in_the_code(found, now), ticks


def _last_tick(
    instance: DagsterInstance, state: InstigatorState, known: Known | None
) -> Tick | None:
    before = known.tick if known else None
    if known and before and before.status != "started" and known.noted == state.instigator_data:
        return before  # Dagster notes the beginning of every tick
    data = state.sensor_instigator_data
    since = max(data.last_tick_timestamp or 0.0 if data else 0.0, before.at if before else 0.0)
    newest = instance.get_tick_summaries(
        state.instigator_origin_id,
        state.selector_id,
        after=since - _BEFORE_SECONDS if since else None,
        limit=1,
    )
    if not newest:
        return before
    return Tick(newest[0].timestamp, cast("TickStatus", newest[0].status.value.lower()))


def _automation(state: InstigatorState, tick: Tick | None) -> Automation:
    from dagster._core.scheduler.instigation import ScheduleInstigatorData, SensorInstigatorData

    at = tick.at if tick else None
    due = None
    if isinstance(state.instigator_data, ScheduleInstigatorData):
        schedule = state.instigator_data
        due = schedule_due(schedule.cron_schedule, at, schedule.start_timestamp)
    elif isinstance(state.instigator_data, SensorInstigatorData):
        sensor = state.instigator_data
        known = [moment for moment in (at, sensor.last_sensor_start_timestamp) if moment]
        due = sensor_due(max(known, default=None), sensor.min_interval)
    return Automation(
        kind="schedule" if state.instigator_type.value == "SCHEDULE" else "sensor",
        name=state.instigator_name,
        location=state.repository_selector.location_name,
        on=state.is_running,
        tick=tick,
        due=due,
    )
