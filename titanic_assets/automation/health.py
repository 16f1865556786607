"""The health sensor: a new release that does worse than the one before it is withdrawn, once.

A look that fails fails the tick with its reason, and forgets nothing.
"""

from __future__ import annotations

import time
from dataclasses import replace

import dagster as dg

from titanic_assets.automation.rollback import WITHDRAWS_TAG, rollback_config
from titanic_assets.releasing.health.evidence import gather
from titanic_assets.releasing.health.judging import HealthPolicy, Verdict, judge_release
from titanic_assets.releasing.health.served import ServiceUnreadable, read_served
from titanic_assets.releasing.health.watching import Memory, Pair, newest_pair
from titanic_assets.settings import Settings
from titanic_assets.tracking.ledger import PromotionLedger

# While nothing is watched, requests are counted now and then, to know what is usual.
_COUNT_EVERY_SECONDS = 60.0
_TAG_LENGTH = 255  # some databases cut a tag at this length


@dg.sensor(
    job_name="rollback_job",
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Compares a new release with the one before it, and withdraws it when it is worse.",
)
def release_health_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Look at what the service says of the newest champion, judge, and enqueue."""
    now = time.time()
    memory = Memory.from_text(context.cursor)
    pair = newest_pair(PromotionLedger(settings.places.ledger).events())
    if pair is None:
        reason = "nothing is watched: no champion that was promoted has another before it"
        return _count(context, settings, memory, now, reason)
    if over := memory.why_over(pair, now, settings.health_watch_minutes):
        return _count(context, settings, memory, now, over)

    served = read_served(settings.service_url)
    memory = memory.look(served, pair, now)
    watch = memory.watch_of(pair)
    if watch is None or memory.counted is None or served.champions != {str(pair.version)}:
        context.update_cursor(memory.to_text())
        now_live = ", ".join(sorted(served.champions)) or "none"
        return dg.SkipReason(
            f"version {pair.version} is champion, and the service answers with {now_live}"
        )
    gathered = gather(settings, pair, watch, memory.counted.lately)
    verdict = judge_release(gathered.evidence, health_policy(settings))
    sentence = _sentence(pair, verdict, gathered.problem)
    withdrawn = verdict.state == "breach"
    memory = replace(memory, watch=replace(gathered.watch, withdrawn=withdrawn))
    context.update_cursor(memory.to_text())
    if not withdrawn:
        return dg.SkipReason(sentence)
    context.log.warning(sentence)
    return _withdrawal(pair, verdict)


def health_policy(settings: Settings) -> HealthPolicy:
    """The bars that are set."""
    return HealthPolicy(
        predictions=settings.health_predictions,
        error_share=settings.health_error_share,
        slowdown=settings.health_slowdown,
        changed_answers=settings.health_changed_answers,
    )


def _count(
    context: dg.SensorEvaluationContext,
    settings: Settings,
    memory: Memory,
    now: float,
    reason: str,
) -> dg.SkipReason:
    """Count requests now and then. Nobody waits for it, so a service that is down is no failure."""
    if memory.counted and now - memory.counted.at < _COUNT_EVERY_SECONDS:
        return dg.SkipReason(reason)
    try:
        memory = memory.look(read_served(settings.service_url), None, now)
    except ServiceUnreadable as error:
        return dg.SkipReason(f"{reason}. {error}")
    context.update_cursor(memory.to_text())
    return dg.SkipReason(reason)


def _sentence(pair: Pair, verdict: Verdict, problem: str) -> str:
    beside = f"version {pair.version} beside version {pair.before}"
    found = {
        "healthy": "is healthy",
        "not_enough": "cannot be judged yet",
        "breach": "is to be withdrawn",
    }[verdict.state]
    return f"{beside} {found}: {verdict.sentence}" + (f" ({problem})" if problem else "")


def _withdrawal(pair: Pair, verdict: Verdict) -> dg.RunRequest:
    """One per promotion event. What is tried again goes back once, as its first try."""
    return dg.RunRequest(
        run_key=f"withdraw-{pair.event_id}",
        run_config=rollback_config(
            f"worse than version {pair.before}: {verdict.sentence}", pair.version
        ),
        tags={
            WITHDRAWS_TAG: str(pair.version),
            "titanic/promotion_event": pair.event_id[:_TAG_LENGTH],
            "dagster/max_retries": "3",
            "dagster/retry_strategy": "ALL_STEPS",
        },
    )
