"""The alert sensor tells of what is out of order, once, and of what is over."""

import json
import time
from dataclasses import asdict

import dagster as dg
import pytest

from titanic_assets.alerts.ledger import Tried
from titanic_assets.automation import alert_test
from titanic_assets.automation.alerting import alert_sensor
from titanic_assets.definitions import define
from titanic_assets.monitoring.drift.report import FieldDrift, VersionDrift

ASKS = {
    "report_id": "r1",
    "asks_for_training": True,
    "why": "age and fare have drifted, by 0.31 and 0.22 at version 4.",
    "link": "http://localhost:5000/#/report",
}


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def tick(instance, settings):
    """One evaluation after another, each with the cursor of the one before."""
    cursor = None

    def evaluated(**changes):
        nonlocal cursor
        with dg.build_sensor_context(
            instance=instance,
            cursor=cursor,
            resources={"settings": settings.model_copy(update=changes)},
        ) as context:
            found = alert_sensor.evaluate_tick(context)
        cursor = found.cursor
        return found

    return evaluated


@pytest.fixture
def report(settings):
    """Write a report as its asset does."""

    def written(name, **content):
        settings.places.tables.mkdir(parents=True, exist_ok=True)
        path = settings.places.tables / f"{name}.json"
        whole = {"made": time.time(), "threshold": 0.1, "versions": [], **content}
        path.write_text(json.dumps(whole))

    return written


def test_with_nothing_out_of_order_it_says_so(tick, receiver, settings):
    found = tick()

    assert found.skip_message.startswith(f"0 new, 0 over; the service at {settings.service_url}: ")
    assert receiver.taken == []
    assert found.asset_events == []


def test_a_report_that_asks_for_training_is_told_once_with_its_page(tick, report, receiver):
    report("drift_report", **ASKS)
    report("performance_report", **ASKS)
    tick()
    tick()

    drift, performance = receiver.texts
    assert drift.startswith(
        "[warning] Passengers have changed since the live version was trained\n"
    )
    assert ASKS["why"] in drift
    assert "Report: http://localhost:5000/#/report" in drift
    assert "History: http://localhost:3000/assets/drift_report" in drift
    assert performance.startswith("[warning] The live version is right less often than promised")


def test_a_trouble_that_is_named_by_a_secret_is_told_once_too(
    tick, report, receiver, ledger, monkeypatch
):
    monkeypatch.setenv("SOME_PASSWORD", "performance")
    report("performance_report", **ASKS)
    tick()

    assert tick().skip_message.startswith("0 new, 0 over")
    assert len(receiver.taken) == len(ledger.records()) == 1


def champion(*drifted):
    """Version 4 as a drift report has it, with these fields drifted."""
    fields = tuple(
        FieldDrift(name, 500, 0.3, 0.1, name in drifted, 0, 0, (), (), ())
        for name in ("age", "fare", "sex")
    )
    version = VersionDrift(
        version=4,
        digest="d",
        role="champion",
        predictions=500,
        first=None,
        last=None,
        enough=True,
        fields=fields,
        quality=None,
        link=None,
        no_page="",
    )
    return [asdict(version)]


def test_the_same_drift_is_not_told_of_every_report_and_another_is(tick, report, receiver, ledger):
    report("drift_report", **ASKS, versions=champion("age", "fare"))
    tick()
    report("drift_report", **{**ASKS, "report_id": "r2"}, versions=champion("fare", "age"))
    tick()
    assert len(receiver.taken) == 1
    report("drift_report", **{**ASKS, "report_id": "r3"}, versions=champion("age", "sex"))

    assert "1 new, 1 over" in tick().skip_message

    assert [text.splitlines()[0] for text in receiver.texts] == [
        "[warning] Passengers have changed since version 4 was trained"
    ] * 2
    assert [r.alert.key for r in ledger.records()] == ["drift:4:age,fare", "drift:4:age,sex"]


def test_a_report_that_asks_for_nothing_is_no_news_and_ends_a_trouble(
    tick, report, receiver, ledger
):
    report("performance_report", **ASKS)
    tick()
    report("performance_report", **{**ASKS, "report_id": "r2", "asks_for_training": False})
    assert "0 new, 1 over" in tick().skip_message
    assert "0 new, 0 over" in tick().skip_message

    assert len(receiver.taken) == 1
    assert ledger.records()[0].over is not None


def test_a_report_that_cannot_be_read_leaves_what_was_told_as_it_is(
    tick, report, settings, receiver, ledger
):
    report("performance_report", **ASKS)
    tick()
    (settings.places.tables / "performance_report.json").write_text("{")
    report("drift_report", **ASKS)

    found = tick()

    assert "1 new, 0 over" in found.skip_message
    assert "ReportVerdict" in found.skip_message
    assert ledger.records()[0].over is None
    assert len(receiver.taken) == 2


def test_what_could_not_be_sent_is_sent_by_a_later_look(tick, report, receiver, ledger):
    receiver.status = 500
    report("drift_report", **ASKS)
    tick()
    receiver.status = 200
    # As if the pause after a failure were over.
    ledger.append(Tried(at=0, ids=(ledger.records()[0].id,), sent=False, again_at=1))

    tick()
    tick()

    assert len(receiver.taken) == 2
    assert ledger.records()[0].state == "sent"


def test_the_ledger_shows_itself_in_the_ui_when_it_has_changed(tick, report):
    report("drift_report", **ASKS)

    (shown,) = tick().asset_events

    assert shown.asset_key == dg.AssetKey("alert_ledger")
    newest, in_full = (shown.metadata[name].value for name in ("newest", "in full"))
    assert "| warning | Passengers have changed" in newest
    assert "| sent |" in newest
    assert "To do: " not in newest
    assert "| warning | drift | Passengers have changed" in in_full
    assert "To do: " in in_full
    assert "| sent at " in in_full
    assert tick().asset_events == []


def test_a_ledger_that_cannot_be_read_fails_the_look_with_a_way_out(tick, settings):
    settings.places.alerts.mkdir(parents=True)

    with pytest.raises(Exception, match="Make it a file that this user may read"):
        tick()


@pytest.fixture
def run_test(instance, settings):
    def ran(**changes):
        definitions = define(settings.model_copy(update=changes))
        job = definitions.resolve_job_def(alert_test.TEST_JOB)
        return job.execute_in_process(instance=instance, raise_on_error=False)

    return ran


def test_anybody_can_try_whether_alerts_arrive(run_test, receiver, instance):
    run = run_test()

    assert run.success
    (text,) = receiver.texts
    assert text.startswith("[info] A test: alerts arrive here\n")
    assert run.run_id in text
    shown = instance.get_latest_materialization_event(dg.AssetKey("alert_ledger"))
    assert shown.asset_materialization.metadata["sent"].value == 1


def test_a_test_that_does_not_arrive_is_red_and_says_why(run_test, receiver):
    receiver.status = 404

    run = run_test()

    assert not run.success
    (failure,) = [event for event in run.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data.description
    assert "not sent yet: what is at SLACK_WEBHOOK_URL answers status 404" in told


def test_without_a_webhook_the_test_is_green_and_says_that_nobody_got_it(run_test, receiver):
    run = run_test(slack_webhook_url=None)

    assert run.success
    assert receiver.taken == []
    (output,) = [event for event in run.all_events if event.is_successful_output]
    said = output.step_output_data.metadata["what became of it"].value
    assert said == "not sent, as SLACK_WEBHOOK_URL is not set"


def test_the_ledger_can_be_materialised_by_hand(run_test, instance, settings):
    run_test()
    run = (
        define(settings)
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(instance=instance, asset_selection=[dg.AssetKey("alert_ledger")])
    )

    (shown,) = run.asset_materializations_for_node("alert_ledger")
    assert shown.metadata["dagster/row_count"].value == 1


def test_both_sensors_are_on(settings):
    definitions = define(settings)
    for name in ("alert_sensor", "failure_alert_sensor"):
        sensor = definitions.resolve_sensor_def(name)
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
