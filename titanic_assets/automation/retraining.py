"""The drift and the performance sensor: a report that asks for it has a model trained, once.

Whether to is the report's to say; when is decided in titanic_assets.monitoring.retraining. What is
trained must pass the same gates as any other, so asking too often costs time and nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import dagster as dg

from titanic_assets.automation.jobs import monitoring_job, training_job
from titanic_assets.monitoring.retraining import (
    HOUR,
    GivesWay,
    RetrainingDecision,
    Training,
    decide_retraining,
)
from titanic_assets.monitoring.verdicts import Report, ReportVerdict, read_verdict
from titanic_assets.settings import Settings

# On the runs that a report has started: which sensor did, for which report, and why.
ASKED_BY_TAG = "titanic/asked_by"
REPORT_TAG = "titanic/report"
WHY_TAG = "titanic/why"
_TAG_LENGTH = 255  # some databases cut a tag at this length

_NEWEST_RUNS = 200
_IN_PROGRESS = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
_FAILED = {
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.CANCELED,
}


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
    return _enqueue(context, _Look(context.instance, settings, "drift_report", time.time()))


@dg.sensor(
    job=training_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts training when the newest performance report asks for it.",
)
def performance_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Look at the drift report, which goes first, then at the performance report; enqueue."""
    drift = _Look(context.instance, settings, "drift_report", time.time())
    # First: a run that its sensor asks for meanwhile is seen by the look that decides.
    drift_asks = drift.verdict is not None and drift.decision.start
    look = _Look(context.instance, settings, "performance_report", time.time())
    if look.decision.start and drift.verdict and drift_asks:
        way = GivesWay.from_text(context.cursor, drift.verdict.report_id, look.now)
        context.update_cursor(way.to_text())
        if way.goes_on(look.now):
            return dg.SkipReason("the drift report asks, too: drift_sensor starts the run")
    return _enqueue(context, look)


@dataclass(frozen=True)
class _Look:
    """A report's verdict and Dagster's runs at a moment."""

    instance: dg.DagsterInstance
    settings: Settings
    report: Report
    now: float

    @cached_property
    def verdict(self) -> ReportVerdict | None:
        return read_verdict(self.settings, self.report)

    @cached_property
    def decision(self) -> RetrainingDecision:
        """Runs are looked up only for a report that asks."""
        asks = self.verdict is not None and self.verdict.asks_for_training
        return decide_retraining(
            self.verdict,
            self._trainings(self.verdict) if self.verdict and asks else (),
            now=self.now,
            cooldown_hours=self.settings.retrain_cooldown_hours,
        )

    def _trainings(self, verdict: ReportVerdict) -> tuple[Training, ...]:
        """The runs since the report or the cool-down began, and whatever it has started."""
        cooling = self.now - self.settings.retrain_cooldown_hours * HOUR
        since = datetime.fromtimestamp(min(verdict.made, cooling), UTC)
        records = [
            *self.instance.get_run_records(
                dg.RunsFilter(job_name=training_job.name, created_after=since), limit=_NEWEST_RUNS
            ),
            *self.instance.get_run_records(
                dg.RunsFilter(tags={REPORT_TAG: verdict.report_id}), limit=1
            ),
        ]
        return tuple(_training(record) for record in records)


def _enqueue(context: dg.SensorEvaluationContext, look: _Look) -> dg.RunRequest | dg.SkipReason:
    if look.verdict is None or not look.decision.start:
        return dg.SkipReason(look.decision.reason)
    if run := _monitoring_run(context.instance):
        return dg.SkipReason(f"run {run} may still find passengers to be trained on")
    context.log.info(look.decision.reason)
    return dg.RunRequest(
        run_key=f"{look.report}-{look.verdict.report_id}",
        tags={
            ASKED_BY_TAG: context.sensor_name,
            REPORT_TAG: look.verdict.report_id,
            WHY_TAG: look.verdict.why[:_TAG_LENGTH],
            # A run that was killed is tried again; one that has failed has had its turn.
            "dagster/max_retries": "2",
            "dagster/retry_on_asset_or_op_failure": "false",
            "dagster/retry_strategy": "ALL_STEPS",
        },
    )


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
        dg.RunsFilter(job_name=monitoring_job.name, statuses=_IN_PROGRESS), limit=1
    )
    return runs[0].run_id if runs else None
