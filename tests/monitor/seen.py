"""What the monitor sees, as tests need it."""

from dataclasses import replace

from tests.alerts.alerts import an_alert
from titanic_assets.alerts.alert import AlertRecord
from titanic_assets.alerts.ledger import LedgerContents
from titanic_assets.monitor.health import Automation, Daemon, DagsterHealth, Run, Tick
from titanic_assets.monitor.looking import Look
from titanic_assets.monitor.reports import Reports
from titanic_assets.monitor.run_counts import Counting, EndedRun
from titanic_assets.monitor.sources import Seen
from titanic_assets.monitoring.drift.report import DriftReport, FieldDrift, VersionDrift
from titanic_assets.monitoring.verdicts import ReportVerdict

NOW = 1_800_000_000.0
AGE = FieldDrift(
    "age", 500, 0.41, 0.1, drifted=True, missing_then=0.2, missing_now=0.1,
    bins=("young", "old"), then=(0.8, 0.2), now=(0.3, 0.7),
)  # fmt: skip


def a_sensor(name="landing_sensor", *, last=NOW - 3, status="skipped", **changes):
    tick = last and Tick(last, status)
    sensor = Automation("sensor", name, "titanic", on=True, tick=tick, due=last and last + 5)
    return replace(sensor, **changes)


def an_ended_run(run_id="1", *, job="training_job", ending="success", ended=NOW - 60, seconds=20.0):
    return EndedRun(run_id, job, ending, ended, seconds)


def counts_of(*runs):
    counting = Counting()
    for run in runs:
        counting.add(run)
    return counting.so_far()


def a_health(**changes):
    health = DagsterHealth(
        at=NOW,
        daemons=(Daemon("scheduler", NOW - 40), Daemon("sensor", NOW - 20)),
        automations=(a_sensor(),),
        in_progress=(Run("2", "bundle_job", "queued", NOW - 7, None, None),),
        last_runs=(Run("1", "training_job", "success", NOW - 90, NOW - 80, NOW - 60),),
        counts=counts_of(an_ended_run()),
        assets={"raw_passengers": NOW - 500},
    )
    return replace(health, **changes)


def silent_for(seconds, *parts):
    return a_health(daemons=tuple(Daemon(part, NOW - seconds) for part in parts or ("sensor",)))


def a_record(record_id="1", *, raised=NOW - 100, state="sent", **alert):
    return AlertRecord(record_id, an_alert(**alert), raised, state)


def a_sight(dagster=None, records=(), reports=None):
    return Seen(
        Look(dagster or a_health(), NOW, 0.02),
        Look((LedgerContents(tuple(records)), {("drift", "warning"): len(records)}), NOW, 0.001),
        Look(reports or some_reports(), NOW, 0.001),
    )


def some_reports():
    verdict = ReportVerdict(report_id="1", made=NOW - 9, asks_for_training=True, why="Older ones.")
    version = VersionDrift(
        3, "abc", "champion", 500, NOW - 900, NOW - 10, True, (AGE,), None, None, "too old"
    )
    drift = DriftReport("1", NOW - 9, True, "Older ones.", None, 0.1, (version,))
    return Reports({"drift_report": verdict}, drift)
