"""In shadow first: a challenger that has shown enough is promoted, by a run of its own.

One on trial has its time in shadow for that, any other only an experiment that says so.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

import dagster as dg

from titanic_assets.monitoring.experiment.report import (
    Experiment,
    read_experiment_report,
)
from titanic_assets.releasing.flipping import decide_flip
from titanic_assets.releasing.shadow import (
    ShadowPolicy,
    Trial,
    judge_trial,
    read_scores,
)
from titanic_assets.settings import Settings
from titanic_assets.tracking.champions import (
    challenger,
    champion_digest,
    champions,
    on_trial,
    withdrawn,
)
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger

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
    """Which challenger it is, by the id of its event, and what was seen of it.

    `instead_of` is the champion that an experiment found it to be better than; without one, it is
    on trial, and takes the place of the champion that it is on trial beside.
    """

    trial: str
    reason: str
    instead_of: int | None = None


@dg.op(name=_PROMOTE, retry_policy=dg.RetryPolicy(max_retries=3, delay=5))
def promote_challenger(
    context: dg.OpExecutionContext, config: FlipConfig, settings: dg.ResourceParam[Settings]
) -> None:
    """Makes it champion, unless it is challenger no more or there is another champion meanwhile."""
    from titanic_assets.tracking.http_registry import open_registry
    from titanic_assets.tracking.promotion import Promotion, promote

    ledger = PromotionLedger(settings.places.ledger)
    trial = _that_one(ledger.events(), config)
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
            instead_of=config.instead_of or champions(ledger.events())[-1],
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
    """Look for a challenger, at the log and at the experiment; decide, and enqueue."""
    events = PromotionLedger(settings.places.ledger).events()
    beside = on_trial(events) or (challenger(events) if settings.experiment_promotes else None)
    if beside is None or beside.to_version is None or not champions(events):
        return dg.SkipReason("no challenger is on trial")
    if not beside.on_trial and beside.digest in withdrawn(events):
        return dg.SkipReason(
            f"version {beside.to_version} was withdrawn: only a person promotes it"
        )
    champion = champions(events)[-1]
    try:
        experiment = _experiment(settings, events, beside)
    except ValueError as error:
        return dg.SkipReason(f"the experiment report cannot be read, make it again: {error}")
    verdict = decide_flip(
        _judge(context, settings, champion, beside, experiment),
        experiment,
        on_trial=on_trial(events) is not None,
        experiment_promotes=settings.experiment_promotes,
    )
    if verdict.state != "passed":
        return dg.SkipReason(f"version {beside.to_version} {verdict.sentence}")
    instead_of = champion if verdict.by_experiment else None
    return dg.RunRequest(
        run_key=f"flip-{beside.event_id}" + (f"-{champion}" if instead_of else ""),
        run_config=flip_config(beside.event_id, verdict.sentence, instead_of),
        tags={"titanic/moved": f"champion {beside.to_version}"},
    )


def _experiment(
    settings: Settings, events: Sequence[PromotionEvent], beside: PromotionEvent
) -> Experiment | None:
    """The newest experiment, if it is one of just these two models."""
    report, digest = read_experiment_report(settings), champion_digest(events)
    return report.of(digest, beside.digest) if report and digest else None


def _judge(
    context: dg.SensorEvaluationContext,
    settings: Settings,
    champion: int,
    beside: PromotionEvent,
    experiment: Experiment | None,
) -> Trial:
    """What it has shown in shadow. Where each answers callers of its own, it is not in shadow."""
    if not beside.on_trial and (experiment is None or experiment.design != "shadow"):
        return Trial("waiting", "is not in shadow")
    scores = read_scores(settings, champion, beside.to_version or 0, beside.when.timestamp())
    cursor = ShadowCursor.from_text(context.cursor, beside.event_id).first_scored(scores.first)
    context.update_cursor(cursor.to_text())
    return judge_trial(scores, cursor.since, time.time(), shadow_policy(settings))


def shadow_policy(settings: Settings) -> ShadowPolicy:
    """The bars that are set; how slow is too slow is the same as after a promotion."""
    return ShadowPolicy(
        minutes=settings.shadow_minutes,
        predictions=settings.shadow_predictions,
        missed=settings.health_error_share,
        slowdown=settings.health_slowdown,
    )


def flip_config(trial: str, reason: str, instead_of: int | None = None) -> dict[str, object]:
    """The run's configuration."""
    config = {"trial": trial, "reason": reason, "instead_of": instead_of}
    return {"ops": {_PROMOTE: {"config": config}}}


def _that_one(events: Sequence[PromotionEvent], config: FlipConfig) -> PromotionEvent | None:
    """The challenger that is meant, as long as it is: on trial, or found better by experiment."""
    found = on_trial(events) if config.instead_of is None else challenger(events)
    return found if found is not None and found.event_id == config.trial else None
