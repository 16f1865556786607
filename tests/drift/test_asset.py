"""The asset in a real Dagster run: what it hands over, what it shows, and what is forgotten."""

import time

import dagster as dg
import mlflow
import pytest

from titanic_assets.assets.drift import drift_report
from titanic_assets.definitions import define
from titanic_assets.monitoring.drift.making import history_of
from titanic_assets.monitoring.drift.report import read_drift_report
from titanic_assets.monitoring.verdicts import read_verdict
from titanic_assets.tracking.mlflow_run import MlflowRun
from titanic_assets.tracking.monitoring_run import MonitoringRun, outdated
from titanic_assets.tracking.registry import Registry
from titanic_assets.tracking.versions import EXPERIMENT, MONITORING_EXPERIMENT


@dg.asset
def training_beside_it(mlflow_run: MlflowRun) -> str:
    """A step that has MLflow's own run open in the same process."""
    mlflow_run.mlflow.log_metric("beside", 1.0)
    return mlflow_run.run_id


@dg.asset
def a_later_report(monitoring_run: MonitoringRun) -> None:
    """What matters here of another report: files of the same kinds."""
    monitoring_run.log_files({"drift/version-1.html": b"", "pictures/drift_by_field.png": b""})


@pytest.fixture
def materialize(home, tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:

        def run(*assets, only=False, fails=False, **settings):
            resources = define(home.settings.model_copy(update=settings)).resources
            made = dg.materialize(
                [*assets, *([] if only else [drift_report])],
                resources=resources,
                instance=instance,
                raise_on_error=not fails,
            )
            assert made.success != fails
            return made

        yield run
    while mlflow.active_run():
        mlflow.end_run()


def runs(home, experiment):
    registry = Registry(home.settings.tracking_uri, experiment)
    return registry.client.search_runs(
        [registry.experiment], order_by=["attributes.start_time DESC"]
    )


def shown(result):
    (event,) = (
        each
        for each in result.all_events
        if each.is_step_materialization and each.asset_key == drift_report.key
    )
    return event.materialization.metadata


def test_a_report_in_the_ui_and_on_disk_and_old_ones_forgotten(home, drawn, materialize):
    home.register(rows=True)
    home.ask(drawn(600, age=110.0, fare=1900.0), survived=[row % 3 == 0 for row in range(600)])
    time.sleep(0.7)  # what is said to come later is not taken in
    first = materialize(training_beside_it, keep_reports=1)

    report = read_drift_report(home.settings)
    verdict = read_verdict(home.settings, "drift_report")
    assert (verdict.report_id, verdict.why, verdict.link) == (
        report.report_id,
        report.why,
        report.link,
    )
    assert verdict.asks_for_training
    assert report.champion.quality.outcomes == 600
    checks = {check.check_name: check for check in first.get_asset_check_evaluations()}
    assert not checks["no_field_has_drifted"].passed
    assert checks["no_field_has_drifted"].severity == dg.AssetCheckSeverity.WARN
    assert "age (index" in checks["no_field_has_drifted"].description
    assert checks["enough_predictions"].passed

    (run,) = runs(home, MONITORING_EXPERIMENT)
    assert run.info.status == "FINISHED"
    assert f"/runs/{run.info.run_id}/artifacts/drift/version-1.html" in report.link
    told = shown(first)
    assert told["Evidently's page of version 1"].value == report.link
    assert told["Evidently's page of version 1, answers"].value == report.champion.quality.link
    files = home.settings.places.mlflow / "artifacts" / run.info.run_id / "artifacts"
    assert {str(each.relative_to(files)) for each in files.rglob("*.*")} == {
        "drift/version-1.html",
        "drift/version-1-answers.html",
        "pictures/drift_by_field.png",
        "pictures/drift_then_and_now.png",
        "pictures/drift_over_time.png",
    }
    for picture in ("fields now", "since when"):
        assert f"run_uuid={run.info.run_id}" in told[picture].value
    # What trained in the same process has its own run, in its own experiment.
    assert [each.data.metrics for each in runs(home, EXPERIMENT)][:1] == [{"beside": 1.0}]
    assert runs(home, EXPERIMENT)[0].info.status == "FINISHED"

    materialize(a_later_report, only=True, keep_reports=1)
    (left,) = runs(home, MONITORING_EXPERIMENT)
    assert left.info.run_id != run.info.run_id
    assert not files.exists()


def test_what_a_report_that_failed_has_seen_is_not_taken_for_reported(home, materialize):
    home.register()
    unwritable = home.settings.places.tables / "drift_report.json"
    unwritable.mkdir(parents=True)
    materialize(fails=True)
    assert history_of(home.settings).lines() == ()
    unwritable.rmdir()
    materialize()
    assert len(history_of(home.settings).lines()) == 1


def test_of_each_kind_the_newest_are_kept():
    drift, both, neither = ["holds.drift"], ["holds.drift", "holds.performance"], []
    assert outdated([drift] * 3, keep=3) == []
    assert outdated([drift] * 3 + [both], keep=3) == []
    assert outdated([both] * 3 + [drift, both], keep=3) == [3, 4]
    assert outdated([neither, drift, neither], keep=2) == [2]


def test_before_there_is_a_report_there_is_none(home):
    assert read_drift_report(home.settings) is None
