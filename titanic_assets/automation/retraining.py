"""The drift and the performance sensor: a report that asks for it has a model trained, once.

Whether to is the report's to say; when is decided here. What is trained must pass the same gates
as any other, so that asking too often costs time and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from titanic_assets.automation.claiming import claim
from titanic_assets.automation.jobs import training_job
from titanic_assets.monitoring.verdicts import Report, ReportVerdict, read_verdict
from titanic_assets.settings import Settings

# On the runs that a report has started: which sensor did, for which report, and why.
ASKED_BY_TAG = "titanic/asked_by"
REPORT_TAG = "titanic/report"
WHY_TAG = "titanic/why"
_TAG_LENGTH = 255  # some databases cut a tag at this length

_NEWEST_RUNS = 200
_HOUR = 3600.0
_IN_PROGRESS = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
_FAILED = {
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.CANCELED,
}


@dataclass(frozen=True)
class Training:
    """A training run, as far as it matters here; without a sensor, no report has asked for it."""

    run_id: str
    created: float
    failed: bool = False
    asked_by: str = ""
    report_id: str = ""


@dataclass(frozen=True)
class RetrainingDecision:
    """Whether to start a run, and why or why not."""

    start: bool
    reason: str


def decide_retraining(
    verdict: ReportVerdict | None,
    trainings: Sequence[Training],
    *,
    now: float,
    cooldown_hours: float,
) -> RetrainingDecision:
    """Decide on the newest report: one run for it, unless it was trained since or just before.

    A report within the cool-down is not lost: as long as it is the newest, it has its run after.
    """
    if verdict is None:
        return RetrainingDecision(False, "there is no report yet")
    if not verdict.asks_for_training:
        return RetrainingDecision(False, f"the newest report asks for no training: {verdict.why}")
    for training in trainings:
        if training.report_id == verdict.report_id:
            return RetrainingDecision(False, f"run {training.run_id} was started for this report")
    for training in trainings:
        # Whatever the report knew was there to be trained on, whoever started it.
        if training.created >= verdict.made and not training.failed:
            return RetrainingDecision(
                False, f"run {training.run_id} was started since this report was made"
            )
    asked = max((each for each in trainings if each.asked_by), key=_created, default=None)
    if asked and asked.created + cooldown_hours * _HOUR > now:
        over = datetime.fromtimestamp(asked.created + cooldown_hours * _HOUR, UTC)
        return RetrainingDecision(
            False,
            f"{asked.asked_by} started run {asked.run_id} less than {cooldown_hours:g} hours ago; "
            f"the newest report is looked at again at {over:%Y-%m-%d %H:%M:%S} UTC",
        )
    return RetrainingDecision(True, verdict.why)


@dg.sensor(
    job=training_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts training when the newest drift report asks for it.",
)
def drift_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Look at the drift report, decide, and enqueue."""
    return _look(context, settings, "drift_report")


@dg.sensor(
    job=training_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts training when the newest performance report asks for it.",
)
def performance_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Look at the performance report, decide, and enqueue."""
    return _look(context, settings, "performance_report")


def _look(
    context: dg.SensorEvaluationContext, settings: Settings, report: Report
) -> dg.RunRequest | dg.SkipReason:
    now = time.time()
    verdict = read_verdict(settings, report)
    asks = verdict is not None and verdict.asks_for_training
    trainings = (
        _trainings(context.instance, verdict, now - settings.retrain_cooldown_hours * _HOUR)
        if verdict is not None and asks
        else ()
    )
    decision = decide_retraining(
        verdict, trainings, now=now, cooldown_hours=settings.retrain_cooldown_hours
    )
    if verdict is None or not decision.start:
        return dg.SkipReason(decision.reason)
    if run := _monitoring_run(context.instance):
        return dg.SkipReason(f"run {run} may still find passengers to be trained on")
    if not claim(settings.places.reports / "retraining.json", verdict.report_id, now):
        return dg.SkipReason("another report has just asked for a training")
    context.log.info(decision.reason)
    return dg.RunRequest(
        run_key=f"{report}-{verdict.report_id}",
        tags=_tags(context.sensor_name, verdict),
    )


def _tags(sensor: str, verdict: ReportVerdict) -> dict[str, str]:
    """What asked, for the run's page and for the next look. A killed run is tried again."""
    return {
        ASKED_BY_TAG: sensor,
        REPORT_TAG: verdict.report_id,
        WHY_TAG: verdict.why[:_TAG_LENGTH],
        "dagster/max_retries": "2",
        "dagster/retry_on_asset_or_op_failure": "false",
        "dagster/retry_strategy": "ALL_STEPS",
    }


def _trainings(
    instance: dg.DagsterInstance, verdict: ReportVerdict, cooling_since: float
) -> tuple[Training, ...]:
    """The runs since the report or the cool-down began, and whatever was started for the report."""
    since = datetime.fromtimestamp(min(verdict.made, cooling_since), UTC)
    records = [
        *instance.get_run_records(
            dg.RunsFilter(job_name=training_job.name, created_after=since), limit=_NEWEST_RUNS
        ),
        *instance.get_run_records(dg.RunsFilter(tags={REPORT_TAG: verdict.report_id}), limit=1),
    ]
    return tuple(_training(record) for record in records)


def _training(record: dg.RunRecord) -> Training:
    run = record.dagster_run
    # Another try carries the tags of the first, and so does what a person starts again.
    first = run.parent_run_id is None
    return Training(
        run_id=run.run_id,
        created=record.create_timestamp.timestamp(),
        failed=run.status in _FAILED,
        asked_by=run.tags.get(ASKED_BY_TAG, "") if first else "",
        report_id=run.tags.get(REPORT_TAG, ""),
    )


def _monitoring_run(instance: dg.DagsterInstance) -> str | None:
    """The run that has made the report and goes on, if it does."""
    runs = instance.get_runs(
        dg.RunsFilter(job_name="monitoring_job", statuses=_IN_PROGRESS), limit=1
    )
    return runs[0].run_id if runs else None


def _created(training: Training) -> float:
    return training.created
