"""In shadow first: a challenger on trial that has shown enough is promoted, by a run of its own."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

import dagster as dg

from titanic_assets.champions import champions, on_trial
from titanic_assets.ledger import PromotionEvent, PromotionLedger
from titanic_assets.releasing.shadow import ShadowPolicy, judge_trial, read_scores
from titanic_assets.settings import Settings

_PROMOTE = "promote_challenger"


@dataclass(frozen=True)
class ShadowCursor:
    """What the sensor remembers: the trial that is on, and when its first score was made."""

    trial: str = ""
    since: float | None = None

    @classmethod
    def from_text(cls, text: str | None, trial: str) -> Self:
        """Read a cursor back. One of another trial, or wiped, lets the time begin anew."""
        try:
            kept = cls(**json.loads(text or "{}"))
            return kept if kept.trial == trial else cls(trial)
        except (ValueError, TypeError):
            return cls(trial)

    def first_scored(self, at: float | None) -> Self:
        """The cursor after a look at the log, which may not reach back to the first score."""
        times = [each for each in (self.since, at) if each is not None]
        return replace(self, since=min(times, default=None))

    def to_text(self) -> str:
        """The cursor as Dagster stores it."""
        return json.dumps(asdict(self))


class FlipConfig(dg.Config):
    """Which trial has been passed, by the id of its event, and what was seen of it."""

    trial: str
    reason: str


@dg.op(name=_PROMOTE, retry_policy=dg.RetryPolicy(max_retries=3, delay=5))
def promote_challenger(
    context: dg.OpExecutionContext, config: FlipConfig, settings: dg.ResourceParam[Settings]
) -> None:
    """Makes it champion, unless the trial is over or another has become champion meanwhile."""
    from titanic_assets.tracking.http_registry import open_registry
    from titanic_assets.tracking.promotion import Promotion, promote

    ledger = PromotionLedger(settings.places.ledger)
    trial = _that_trial(ledger.events(), config.trial)
    if trial is None or trial.to_version is None:
        context.log.info("that trial is over: nothing is promoted")
        return
    registry = open_registry(settings)
    event = promote(
        registry,
        ledger,
        Promotion(
            version=registry.version(trial.to_version),
            alias="champion",
            why=f"{trial.why} It {config.reason}.",
            who=f"dagster job {context.run.job_name}",
            dagster_run_id=context.run.root_run_id or context.run.run_id,
            instead_of=champions(ledger.events())[-1],
        ),
    )
    if event is None:
        context.log.info("another has become champion meanwhile: nothing is promoted")
        return
    context.log.info("version %s is champion: %s", event.to_version, event.why)
    context.log_event(
        dg.AssetMaterialization(
            "champion_model",
            description=f"version {event.to_version} is champion after its time in shadow",
            metadata={"version": event.to_version, "reason": event.why, "digest": event.digest},
        )
    )


@dg.job(description="Makes the challenger champion that has passed its time in shadow.")
def flip_job() -> None:
    """Started by the shadow sensor; what becomes champion goes live as any other does."""
    promote_challenger()


@dg.sensor(
    job_name="flip_job",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Promotes a challenger on trial once it has been in shadow for long enough.",
)
def shadow_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Look for a trial and at the log, decide, and enqueue."""
    events = PromotionLedger(settings.places.ledger).events()
    trial = on_trial(events)
    if trial is None or trial.to_version is None or not champions(events):
        return dg.SkipReason("no challenger is on trial")
    champion = champions(events)[-1]
    scores = read_scores(settings, champion, trial.to_version, trial.when.timestamp())
    cursor = ShadowCursor.from_text(context.cursor, trial.event_id).first_scored(scores.first)
    context.update_cursor(cursor.to_text())
    verdict = judge_trial(scores, cursor.since, time.time(), shadow_policy(settings))
    if verdict.state != "passed":
        return dg.SkipReason(f"version {trial.to_version} {verdict.sentence}")
    return dg.RunRequest(
        run_key=f"flip-{trial.event_id}",
        run_config=flip_config(trial.event_id, verdict.sentence),
        tags={"titanic/moved": f"champion {trial.to_version}"},
    )


def shadow_policy(settings: Settings) -> ShadowPolicy:
    """The bars that are set; how slow is too slow is the same as after a promotion."""
    return ShadowPolicy(
        minutes=settings.shadow_minutes,
        predictions=settings.shadow_predictions,
        missed=settings.health_error_share,
        slowdown=settings.health_slowdown,
    )


def flip_config(trial: str, reason: str) -> dict[str, object]:
    """The run's configuration."""
    return {"ops": {_PROMOTE: {"config": {"trial": trial, "reason": reason}}}}


def _that_trial(events: Sequence[PromotionEvent], event_id: str) -> PromotionEvent | None:
    trial = on_trial(events)
    return trial if trial is not None and trial.event_id == event_id else None
