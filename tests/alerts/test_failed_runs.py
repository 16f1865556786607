"""People are told of runs that failed for good, in words that they can act on."""

import json

import dagster as dg
import pytest

from titanic_assets.alerts.failed_runs import FailedRun, alert_of_failed_run
from titanic_assets.automation.failures import failure_alert_sensor
from titanic_assets.stack.stores import CUT_OFF

UI = "http://localhost:3000"
REASON = "12 candidates, and none at /data/0123456789ab is any good"
MEANS = (
    "the service answers as before, with the model it has. No newer model is trained until this is "
    "mended."
)
DO = (
    "open the run and read the step that failed; mend the cause; then launch training_job again. "
    "The next list that lands and the weekly schedule start it, too."
)


@dg.op
def trained_model():
    raise ValueError(REASON)


@dg.op
def live_release():
    raise dg.Failure("the service has not taken it")


@dg.op(config_schema=bool)
def sometimes(context):
    if context.op_config:
        raise ValueError("not today")


@dg.job
def training_job():
    trained_model()


@dg.job
def bundle_job():
    live_release()


@dg.job
def monitoring_job():
    sometimes()


@dg.op
def interrupted():
    raise KeyboardInterrupt


@dg.job
def interrupted_job():
    interrupted()


@dg.job(name="test_alert_job")
def the_test_job():
    trained_model()


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def look(instance, settings):
    """Evaluate the sensor as the daemon does, from where it looked before."""
    cursor = None

    def looked():
        nonlocal cursor
        with dg.build_sensor_context(instance, cursor, resources={"settings": settings}) as context:
            found = failure_alert_sensor.evaluate_tick(context)
        cursor = found.cursor
        return found

    looked()  # what failed before it was switched on is told nobody
    return looked


@pytest.fixture
def fail(instance, look):
    """Run jobs that fail, and let the sensor look at those runs; returns their ids."""

    def failed(*jobs, tags=None, **options):
        runs = [
            job.execute_in_process(
                instance=instance, raise_on_error=False, tags=tags or {}, **options
            )
            for job in jobs
        ]
        for _ in jobs:  # Dagster has it look at a few runs at a time
            assert [reaction.error for reaction in look().dagster_run_reactions] in ([None], [])
        return [run.run_id for run in runs]

    return failed


def test_a_failed_run_is_told_with_its_reason_what_it_means_and_what_to_do(fail, receiver):
    (run_id,) = fail(training_job)

    (text,) = receiver.texts
    assert text.splitlines() == [
        "[warning] training_job failed",
        f"training_job failed at trained_model: {REASON}",
        f"For users: {MEANS}",
        f"To do: {DO} More: docs/alerts.md, run_failed.",
        f"Run: {UI}/runs/{run_id}",
    ]


def test_a_run_that_is_tried_again_is_told_when_its_last_try_fails(fail, receiver):
    fail(training_job, tags={"dagster/will_retry": "true"})
    assert receiver.taken == []

    fail(training_job, tags={"dagster/will_retry": "false"})
    assert len(receiver.taken) == 1


def test_the_same_failure_is_told_once_until_the_job_was_well_again(fail, receiver, instance):
    bad = {"ops": {"sometimes": {"config": True}}}
    good = {"ops": {"sometimes": {"config": False}}}
    fail(monitoring_job, run_config=bad)
    fail(monitoring_job, run_config=bad)
    assert len(receiver.taken) == 1
    assert monitoring_job.execute_in_process(instance=instance, run_config=good).success

    fail(monitoring_job, run_config=bad)

    assert len(receiver.taken) == 2


def test_a_release_that_does_not_go_live_is_told_as_such(fail, settings, ledger):
    settings.places.releases.mkdir(parents=True)
    (settings.places.releases / "current.json").write_text(
        json.dumps({"champion": "3-0f1e2d3c4b5a", "challenger": None})
    )
    fail(bundle_job)

    (record,) = ledger.records()
    assert (record.alert.kind, record.alert.key) == (
        "release_refused",
        "release_refused:3-0f1e2d3c4b5a",
    )
    assert "the service has not taken it" in record.alert.text


def test_a_failed_test_of_alerts_raises_none(fail, receiver):
    fail(the_test_job)

    assert receiver.taken == []


def test_of_all_runs_that_failed_between_two_looks_each_is_told(instance, look, receiver):
    """One that is not told of must not hold up those beside it."""
    for job in (training_job, the_test_job, bundle_job):
        job.execute_in_process(instance=instance, raise_on_error=False)
    for _ in range(3):
        look()

    assert [text.splitlines()[0] for text in receiver.texts] == [
        "[warning] training_job failed",
        "[warning] A release did not go live",
    ]


def alert_of(job, step="step", reason="a reason", **changes):
    return alert_of_failed_run(FailedRun("run", job, step, reason, **changes), UI)


def test_a_rollback_that_fails_is_critical():
    alert = alert_of("rollback_job")

    assert alert.severity == "critical"
    assert "may still be answering" in alert.text


@pytest.mark.parametrize(
    ("job", "severity"), [("training_job", "info"), ("rollback_job", "critical")]
)
def test_a_run_that_a_stopped_stack_cut_off_wakes_nobody_unless_it_is_a_rollback(job, severity):
    alert = alert_of(job, reason="KeyboardInterrupt", cut_off=True)

    assert (alert.severity, alert.title) == (severity, f"{job} was cut off")
    assert "the stack or the machine was stopped while it ran.\n" in alert.text
    assert "Launch the job again, unless something has done so since." in alert.text


def test_what_was_in_progress_when_the_stack_stopped_is_told_as_cut_off(instance, look, receiver):
    run = instance.create_run_for_job(training_job, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run, CUT_OFF)
    interrupted_job.execute_in_process(instance=instance, raise_on_error=False)
    for _ in range(2):
        look()

    assert [text.splitlines()[0] for text in receiver.texts] == [
        "[info] training_job was cut off",
        "[info] interrupted_job was cut off",
    ]


def test_a_long_reason_is_cut_between_words():
    alert = alert_of("training_job", reason=f"{'word ' * 179}secret0123456789")

    assert "word …\nFor users" in alert.text


def test_what_was_launched_by_hand_is_named_by_its_asset():
    assert alert_of("__ASSET_JOB", "model_card").title == "model_card (launched by hand) failed"


def test_ids_and_counts_do_not_make_it_another_failure():
    one = alert_of("training_job", reason="run 1f2e3d4c5b6a had 12 problems")
    same = alert_of("training_job", reason="run 9f8e7d6c5b4a had 7 problems")
    other = alert_of("training_job", reason="no room on the disk")

    assert one.key == same.key != other.key


def test_without_a_reason_it_says_so():
    assert "training_job failed: no reason was given\n" in alert_of("training_job", "", "").text
