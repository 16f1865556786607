"""Reports that ask for it have a model trained: once each, and not too often together."""

import time
from datetime import UTC, datetime

import dagster as dg
import pytest

from titanic_assets.automation.retraining import (
    ASKED_BY_TAG,
    REPORT_TAG,
    WHY_TAG,
    drift_sensor,
    performance_sensor,
)
from titanic_assets.definitions import define
from titanic_assets.monitoring.retraining import GivesWay, Training, decide_retraining
from titanic_assets.monitoring.verdicts import ReportVerdict
from titanic_assets.settings import Settings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
MINUTE, HOUR = 60.0, 3600.0


def a_verdict(report_id="r1", *, made=NOON, asks=True, why="age and fare have drifted"):
    return ReportVerdict(report_id=report_id, made=made, asks_for_training=asks, why=why)


def a_training(created, run_id="a-run", *, asked_by="", report_id="", failed=False):
    return Training(run_id, created, failed, asked_by, report_id)


def decide(verdict, *trainings, now=NOON + MINUTE, hours=6):
    return decide_retraining(verdict, trainings, now=now, cooldown_hours=hours)


def test_a_report_that_asks_has_a_model_trained():
    decision = decide(a_verdict())
    assert decision.start
    assert decision.reason == "age and fare have drifted"


def test_without_a_report_or_a_reason_nothing_is_trained():
    assert decide(None).reason == "there is no report yet"
    quiet = decide(a_verdict(asks=False, why="no field has drifted"))
    assert not quiet.start
    assert quiet.reason.endswith(": no field has drifted")


def test_the_same_report_asks_once_however_long_ago_and_however_it_ended():
    of_it = a_training(NOON - 9 * HOUR, asked_by="drift_sensor", report_id="r1", failed=True)
    decision = decide(a_verdict(), of_it)
    assert not decision.start
    assert decision.reason == "run a-run was started for this report"


@pytest.mark.parametrize("asked_by", ["drift_sensor", "performance_sensor"])
def test_a_report_within_the_cool_down_waits_and_has_its_run_after(asked_by):
    before = a_training(NOON - HOUR, asked_by=asked_by, report_id="another")
    waits = decide(a_verdict(), before)
    assert not waits.start
    assert waits.reason == (
        f"{asked_by} started run a-run less than 6 hours ago; the newest report is looked at "
        "again at 2026-11-21 17:00:00 UTC"
    )
    assert not decide(a_verdict(), before, now=NOON + 5 * HOUR - 1).start
    assert decide(a_verdict(), before, now=NOON + 5 * HOUR).start
    assert decide(a_verdict(), before, hours=0).start


def test_what_people_or_new_lists_had_trained_before_the_report_does_not_hold_it_up():
    assert decide(a_verdict(), a_training(NOON - MINUTE)).start


def test_what_was_trained_since_the_report_has_seen_all_that_the_report_had():
    since = a_training(NOON + MINUTE / 2)
    assert decide(a_verdict(), since).reason == "run a-run was started since this report was made"
    assert decide(a_verdict(), a_training(NOON + MINUTE / 2, failed=True)).start


def test_a_run_of_a_report_that_failed_cools_down_too():
    failed = a_training(NOON - HOUR, asked_by="drift_sensor", report_id="another", failed=True)
    assert not decide(a_verdict(), failed).start


def test_the_drift_report_goes_first_unless_its_sensor_does_nothing():
    way = GivesWay.from_text(None, "d1", NOON)
    assert way.goes_on(NOON + MINUTE)
    # However old the report: what counts is how long its sensor has had for it.
    way = GivesWay.from_text(way.to_text(), "d1", NOON + 20 * MINUTE)
    assert not way.goes_on(NOON + 20 * MINUTE)
    for text in (way.to_text(), "", "nonsense", "[]", '{"x": 1}'):
        assert GivesWay.from_text(text, "d2", NOON + HOUR).goes_on(NOON + HOUR)


class Home:
    """A home with reports, an instance with runs, and both sensors' ticks."""

    def __init__(self, folder, instance):
        self.settings = Settings(titanic_home=folder)
        self.instance = instance
        self.definitions = define(self.settings)

    def reports(self, report, verdict):
        self.settings.places.tables.mkdir(parents=True, exist_ok=True)
        path = self.settings.places.tables / f"{report}.json"
        path.write_text(verdict.model_dump_json())

    def tick(self, sensor):
        with dg.build_sensor_context(
            instance=self.instance, resources={"settings": self.settings}, sensor_name=sensor.name
        ) as context:
            return sensor.evaluate_tick(context)

    def run(self, job="training_job", status=dg.DagsterRunStatus.SUCCESS, **more):
        return self.instance.create_run_for_job(
            self.definitions.resolve_job_def(job), status=status, **more
        )


@pytest.fixture
def home(tmp_path):
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield Home(tmp_path / "home", instance)


def test_two_reports_that_ask_at_once_have_one_run_and_the_next_after_the_cool_down(home):
    assert home.tick(drift_sensor).skip_message == "there is no report yet"
    made = time.time() - 1
    home.reports("drift_report", a_verdict("d1", made=made))
    home.reports("performance_report", a_verdict("p1", made=made, why="it is worse"))

    (request,) = home.tick(drift_sensor).run_requests
    assert request.run_key == "drift_report-d1"
    assert {name: request.tags[name] for name in (ASKED_BY_TAG, REPORT_TAG, WHY_TAG)} == {
        ASKED_BY_TAG: "drift_sensor",
        REPORT_TAG: "d1",
        WHY_TAG: "age and fare have drifted",
    }
    # Its run is not there yet.
    assert home.tick(performance_sensor).skip_message == (
        "the drift report asks, too: drift_sensor starts the run"
    )
    run = home.run(tags=request.tags)
    assert "was started for this report" in home.tick(drift_sensor).skip_message
    assert "since this report was made" in home.tick(performance_sensor).skip_message

    # A newer report waits for the cool-down, and a second try of the run does not prolong that.
    home.run(tags=request.tags, parent_run_id=run.run_id, root_run_id=run.run_id)
    home.reports("performance_report", a_verdict("p2", made=time.time() + 1, why="it is worse"))
    assert f"drift_sensor started run {run.run_id}" in home.tick(performance_sensor).skip_message
    home.settings = home.settings.model_copy(update={"retrain_cooldown_hours": 0})
    (request,) = home.tick(performance_sensor).run_requests
    assert (request.run_key, request.job_name) == ("performance_report-p2", None)


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_the_drift_sensors_run_may_come_at_any_moment_of_the_others_look(home, monkeypatch, after):
    home.reports("drift_report", a_verdict("d1", made=time.time() - 1))
    home.reports("performance_report", a_verdict("p1", made=time.time() - 1))
    (request,) = home.tick(drift_sensor).run_requests
    look, looks = home.instance.get_run_records, []

    def meanwhile(*arguments, **named):
        records = look(*arguments, **named)
        looks.append(records)
        if len(looks) == after:
            home.run(tags=request.tags)
        return records

    monkeypatch.setattr(home.instance, "get_run_records", meanwhile)
    assert home.tick(performance_sensor).run_requests == []
    assert len(looks) >= 4


def test_a_report_waits_until_its_run_has_collected_all_there_is_to_be_trained_on(home):
    home.reports("drift_report", a_verdict(made=time.time()))
    run = home.run("monitoring_job", dg.DagsterRunStatus.STARTED)
    assert f"run {run.run_id} may still find" in home.tick(drift_sensor).skip_message
    home.instance.report_run_canceled(run)
    assert len(home.tick(drift_sensor).run_requests) == 1


def test_a_report_that_cannot_be_read_fails_the_tick(home):
    home.reports("drift_report", a_verdict())
    (home.settings.places.tables / "drift_report.json").write_text('{"made": ')
    with pytest.raises(ValueError, match="Invalid JSON"):
        home.tick(drift_sensor)


def test_both_sensors_are_on_and_start_the_training_job(home):
    for name in ("drift_sensor", "performance_sensor"):
        sensor = home.definitions.resolve_sensor_def(name)
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
        assert sensor.job_name == "training_job"
