"""What the monitor tells Prometheus: every name with its type, labels and meaning, and no values.

Rules, dashboards and the documentation are made from, or held against, this list.
"""

from dataclasses import dataclass
from typing import Literal

DAEMON = "daemon"
# Not `job`: that label is the scrape's own.
JOB = "dagster_job"
KIND = "kind"
NAME = "name"

RUN_SECONDS = (1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True)
class Metric:
    """A family of series."""

    name: str
    type: Literal["gauge", "counter", "histogram"]
    text: str
    labels: tuple[str, ...] = ()


SOURCE_UP = Metric(
    "titanic_monitor_source_up",
    "gauge",
    "1 when what the monitor reads (dagster, alerts, reports) could be read, otherwise 0.",
    ("source",),
)
READ_AGE = Metric(
    "titanic_monitor_read_age_seconds",
    "gauge",
    "Since it was last read; missing before the first time.",
    ("source",),
)
READ_SECONDS = Metric(
    "titanic_monitor_read_seconds", "gauge", "What reading it took, the last time.", ("source",)
)
CPU = Metric("titanic_monitor_cpu_seconds_total", "counter", "Processor time of the monitor.")
MEMORY = Metric("titanic_monitor_resident_bytes", "gauge", "Resident memory of the monitor.")

HEARTBEAT_AGE = Metric(
    "titanic_dagster_daemon_heartbeat_age_seconds",
    "gauge",
    "Since a part of Dagster's daemon last said that it lives: every 30 seconds, and the scheduler "
    "every minute.",
    (DAEMON,),
)
DAEMON_ERRORS = Metric(
    "titanic_dagster_daemon_errors",
    "gauge",
    "Errors that a part of Dagster's daemon tells of with its last heartbeat, at most 5.",
    (DAEMON,),
)
AUTOMATION_ON = Metric(
    "titanic_dagster_automation_on",
    "gauge",
    "1 while a sensor or schedule is switched on, otherwise 0.",
    (KIND, NAME),
)
TICK_AGE = Metric(
    "titanic_dagster_tick_age_seconds",
    "gauge",
    "Since the last tick of a sensor or schedule that is on; missing before its first.",
    (KIND, NAME),
)
TICK_STATUS = Metric(
    "titanic_dagster_tick_status",
    "gauge",
    "1 for what the last tick came to (started, skipped, success, failure), 0 for the others.",
    (KIND, NAME, "status"),
)
TICK_OVERDUE = Metric(
    "titanic_dagster_tick_overdue_seconds",
    "gauge",
    "Since a sensor or schedule that is on should have ticked again; 0 while it is in time.",
    (KIND, NAME),
)
RUNS = Metric(
    "titanic_dagster_runs_total",
    "counter",
    "Runs that ended, by how (success, failure, canceled); of all that Dagster still has.",
    (JOB, "status"),
)
RUN_DURATION = Metric(
    "titanic_dagster_run_seconds",
    "histogram",
    "From the start to the end of runs that ended by themselves, well or not.",
    (JOB,),
)
RUNS_IN_PROGRESS = Metric(
    "titanic_dagster_runs_in_progress",
    "gauge",
    "Runs that are not over, by how far they are (queued, starting, started, canceling).",
    (JOB, "status"),
)
RUN_IN_PROGRESS_AGE = Metric(
    "titanic_dagster_run_in_progress_seconds",
    "gauge",
    "Since the longest of the runs that are not over was asked for.",
    (JOB,),
)
SUCCESS_AGE = Metric(
    "titanic_dagster_success_age_seconds",
    "gauge",
    "Since a run of the job last ended well; missing for a job that never did.",
    (JOB,),
)
ASSET_AGE = Metric(
    "titanic_asset_age_seconds", "gauge", "Since an asset was last materialised.", ("asset",)
)
REPORT_DRIFT = Metric(
    "titanic_report_drift",
    "gauge",
    "Population stability index of a field in the newest drift report.",
    ("field", "model_version"),
)
REPORT_AGE = Metric(
    "titanic_report_age_seconds", "gauge", "Since the newest report was made.", ("report",)
)
REPORT_ASKS = Metric(
    "titanic_report_asks_for_training",
    "gauge",
    "1 while the newest report asks for training, otherwise 0.",
    ("report",),
)
ALERTS = Metric(
    "titanic_alerts_total",
    "counter",
    "Alerts in the ledger, each once, however often it was repeated.",
    (KIND, "severity"),
)
ALERT_DELIVERIES = Metric(
    "titanic_alert_deliveries",
    "gauge",
    "Alerts in the ledger by what became of them (sent, pending, not_configured, given_up).",
    ("state",),
)

METRICS = (
    SOURCE_UP,
    READ_AGE,
    READ_SECONDS,
    CPU,
    MEMORY,
    HEARTBEAT_AGE,
    DAEMON_ERRORS,
    AUTOMATION_ON,
    TICK_AGE,
    TICK_STATUS,
    TICK_OVERDUE,
    RUNS,
    RUN_DURATION,
    RUNS_IN_PROGRESS,
    RUN_IN_PROGRESS_AGE,
    SUCCESS_AGE,
    ASSET_AGE,
    REPORT_DRIFT,
    REPORT_AGE,
    REPORT_ASKS,
    ALERTS,
    ALERT_DELIVERIES,
)
