"""Failed runs: people are told of each that failed for good, in words that they can act on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.alerts.failed_runs import FailedRun, alert_of_failed_run
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.alerts.raising import raise_alert, trouble_over
from titanic_assets.alerts.wanted import wanted_releases
from titanic_assets.alerts.wording import presentable
from titanic_assets.automation.alert_test import TEST_JOB
from titanic_assets.settings import Settings
from titanic_assets.validation.refusals import RefusedBatches

if TYPE_CHECKING:
    from titanic_assets.alerts.alert import Alert

# What a run says whose process was asked to end, and what `make run` says of one it finds left.
_CUT_OFF_RAISES = {"DagsterExecutionInterruptedError", "KeyboardInterrupt"}
_CUT_OFF_SAYS = ("Execution was interrupted", "The stack was stopped")


@dg.run_failure_sensor(
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people of runs that failed for good; a refused list is told as such.",
)
def failure_alert_sensor(
    context: dg.RunFailureSensorContext, settings: dg.ResourceParam[Settings]
) -> None:
    """Raise an alert, unless Dagster tries the run again.

    It returns nothing, whatever comes of it: a reason for skipping one of several runs would fail
    the tick, and leave Dagster's cursor where it was.
    """
    run = context.instance.get_run_by_id(context.dagster_run.run_id) or context.dagster_run
    if run.job_name == TEST_JOB:
        return  # whoever tries alerts looks at that run anyway
    if run.tags.get("dagster/will_retry") == "true":
        context.log.info("run %s is tried again, so nobody is told yet", run.run_id)
        return
    failed = _failed_run(context, run, settings)
    alert = presentable(alert_of_failed_run(failed, settings.dagster_ui), settings)
    _close_what_was_mended(context.instance, run.job_name, alert, settings, context.log.info)
    raise_alert(settings, alert, context.log.info)


def _failed_run(
    context: dg.RunFailureSensorContext, run: dg.DagsterRun, settings: Settings
) -> FailedRun:
    """What the event log says of it: the first step that failed, in its own words."""
    failures = context.get_step_failure_events()
    if not failures:
        reason = context.failure_event.message or ""
        cut_off = reason.startswith(_CUT_OFF_SAYS)
        return FailedRun(run.run_id, run.job_name, "", reason, cut_off=cut_off)
    first = failures[0]
    data = first.step_failure_data
    step = first.step_key or ""
    reason, report, names = "", None, []
    error = data.error
    while error is not None:
        names.append(error.cls_name or "")
        # The message begins with the class; what people were meant to read comes after it.
        reason = error.message.partition(": ")[2] or error.message
        error = error.cause
    if told := data.user_failure_data:
        reason = told.description or reason
        shown = told.metadata.get("report")
        report = str(shown.value) if shown is not None else None
    wanted = wanted_releases(settings.places.releases) if step == "live_release" else None
    return FailedRun(
        run_id=run.run_id,
        job=run.job_name,
        step=step,
        reason=reason,
        about_lists=bool(report) or ("SourcesFailed" in names and _names_refused(reason, settings)),
        cut_off=bool(_CUT_OFF_RAISES & {*names}),
        release=wanted.champion if wanted else "",
        report=report,
    )


def _names_refused(reason: str, settings: Settings) -> bool:
    """Whether a list is at fault; a source that is out of reach is refused by nobody."""
    try:
        refused = RefusedBatches.of(settings.places).all()
    except (OSError, ValueError):
        return False
    return any(refusal.name in reason for refusal in refused)


def _close_what_was_mended(
    instance: dg.DagsterInstance,
    job: str,
    alert: Alert,
    settings: Settings,
    say: Callable[[str], None],
) -> None:
    """A job that has been well since it was told to fail is told anew when it fails again."""
    if alert.kind != "run_failed":
        return
    try:
        told = AlertLedger(settings.places.alerts).read().open(alert.key)
    except OSError:
        return
    if told is None:
        return
    well = dg.RunsFilter(
        job_name=job,
        statuses=[dg.DagsterRunStatus.SUCCESS],
        updated_after=datetime.fromtimestamp(told.raised, UTC),
    )
    if instance.get_run_records(well, limit=1):
        trouble_over(settings, alert.key, say)
