"""The promotion sensor: what was promoted, moved by hand or taken back is made live by one run.

Events are the ledger's. What was moved in the registry itself is entered there first, and what a
crash cut short is finished first, so whoever moves an alias, and how, makes no difference.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from titanic_assets.releasing import EVENTS_TAG
from titanic_assets.settings import Settings
from titanic_assets.tracking.http_registry import RegistryUnreachable, http_registry
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger
from titanic_assets.tracking.promotion import enter_moves

# Dagster's daemon looks every 5 seconds, and passes a sensor over whose last look was less than
# this ago; with 5 that would be every other time.
_LOOK_EVERY_SECONDS = 3
# Who has not looked for so long has just come up, and MLflow may not be there yet.
_JUST_UP_AFTER_SECONDS = 30.0


@dataclass(frozen=True)
class PromotionsDecision:
    """Whether to start a run, for which events, and what to remember."""

    cursor: str | None
    events: tuple[PromotionEvent, ...]

    @property
    def run_key(self) -> str | None:
        """One per newest event: a cursor that was wiped starts nothing a second time."""
        return f"promotion-{self.events[-1].event_id}" if self.events else None

    @property
    def tags(self) -> dict[str, str]:
        """What the run is for, for its page and for its assets."""
        return {
            EVENTS_TAG: ",".join(event.event_id for event in self.events),
            "titanic/moved": "; ".join(_newest_of_each(self.events)),
        }


def decide_promotions(events: Sequence[PromotionEvent], cursor: str | None) -> PromotionsDecision:
    """One run for all events since the one that the cursor names, the newest of those told last.

    Whatever was overtaken before anybody saw it has nothing to be made live any more.
    """
    seen = next((at for at, event in enumerate(events, 1) if event.event_id == cursor), 0)
    new = tuple(events[seen:])
    return PromotionsDecision(new[-1].event_id if new else cursor, new)


@dg.sensor(
    job_name="bundle_job",
    minimum_interval_seconds=_LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes live whatever the aliases name, whoever moved them, and forth or back.",
)
def promotion_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Bring the ledger up to date, decide, and enqueue."""
    ledger, registry = PromotionLedger(settings.places.ledger), http_registry(settings)
    try:
        moves = enter_moves(registry, ledger)
    except RegistryUnreachable as error:
        if context.cursor is None or not ledger.events():
            # MLflow comes up with the first training, also where `make clean` left the ledger.
            return dg.SkipReason(f"no promotion was seen yet, and {error}")
        if is_first_look(context.last_tick_completion_time, time.time()):
            return dg.SkipReason(f"this is the first look after a while, and {error}")
        raise
    for event in moves.entered:
        context.log.info("entered in the ledger: %s", "; ".join(_newest_of_each([event])))
    for problem in moves.problems:
        context.log.warning(problem)
    decision = decide_promotions(ledger.events(), context.cursor)
    if decision.run_key is None:
        return dg.SkipReason("; ".join(["no alias was moved", *moves.problems]))
    if "champion" not in registry.aliases():
        # The ledger outlives the models: the run of the next champion answers for these, too.
        return dg.SkipReason("nobody is champion, so there is nothing to make live")
    context.update_cursor(decision.cursor or "")
    return dg.RunRequest(run_key=decision.run_key, tags=decision.tags)


def is_first_look(last: float | None, now: float) -> bool:
    """Whether nobody has looked for a while, as after a start of Dagster's daemon."""
    return last is not None and now - last > _JUST_UP_AFTER_SECONDS


def _newest_of_each(events: Sequence[PromotionEvent]) -> list[str]:
    newest = {event.alias: event for event in events}
    return [f"{alias} {newest[alias].to_version or 'nobody'}" for alias in sorted(newest)]
