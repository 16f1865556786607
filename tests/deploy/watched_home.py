"""A home in which something of everything has happened that the monitor tells of."""

import json
import logging
import time
from dataclasses import asdict

import dagster as dg
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat

from titanic_assets.alerts.alert import Alert
from titanic_assets.alerts.raising import raise_alert
from titanic_assets.monitoring.drift.report import DriftReport, FieldDrift, VersionDrift
from titanic_assets.settings import Settings
from titanic_assets.stack.stores import prepare_dagster


@dg.asset
def raw_passengers():
    """Made once."""


@dg.op
def breaks():
    raise ValueError


@dg.job
def training_job():
    breaks()


def make_home(home):
    """Runs that ended well and badly and one that goes on, a tick, reports, an alert."""
    settings = Settings(titanic_home=home)
    prepare_dagster(settings)
    now = time.time()
    with dg.DagsterInstance.from_config(str(settings.places.dagster)) as instance:
        for daemon in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(now, daemon, "this", []))
        logging.disable(logging.CRITICAL)  # what fails here is meant to
        dg.materialize([raw_passengers], instance=instance)
        training_job.execute_in_process(instance=instance, raise_on_error=False)
        logging.disable(logging.NOTSET)
        instance.create_run_for_job(training_job, status=dg.DagsterRunStatus.STARTED)
        _tick(instance, "promotion_sensor", now)
    settings.places.tables.mkdir(parents=True)
    drift, performance = _drift_report(now), _verdict("p", now)
    (settings.places.tables / "drift_report.json").write_text(json.dumps(drift))
    (settings.places.tables / "performance_report.json").write_text(json.dumps(performance))
    raise_alert(settings, Alert("test", "a", "A test", "Of no meaning."), lambda _: None)
    return settings


def _tick(instance, name, now):
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
    origin = RemoteInstigatorOrigin(repository, name)
    kind = InstigatorType.SENSOR
    on = SensorInstigatorData(last_tick_timestamp=now, min_interval=30)
    instance.add_instigator_state(InstigatorState(origin, kind, InstigatorStatus.RUNNING, on))
    instance.create_tick(
        TickData(
            instigator_origin_id=origin.get_id(),
            instigator_name=name,
            instigator_type=kind,
            status=TickStatus.SKIPPED,
            timestamp=now,
            selector_id=origin.get_selector().get_id(),
        )
    )


def _verdict(name, now):
    return {
        "report_id": name, "made": now, "asks_for_training": False, "why": "All is well.",
        "link": None,
    }  # fmt: skip


def _drift_report(now):
    age = FieldDrift("age", 500, 0.03, 0.1, False, 0.2, 0.2, ("a", "none"), (0.8, 0.2), (0.8, 0.2))
    version = VersionDrift(
        1, "d", "champion", 500, now - 60, now, True, (age,), None, None, "no page"
    )
    return asdict(DriftReport(**_verdict("d", now), threshold=0.1, versions=(version,)))
