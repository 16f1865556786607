"""A release that is worse goes live on the real service, is found there, and is withdrawn."""

import dagster as dg
import pytest
from pydantic import SecretStr

from tests.alerts.receiver import SECRET
from tests.releasing.conftest import Models
from tests.service.serving import start_service, wait_until
from titanic_assets.automation.health import release_health_sensor
from titanic_assets.definitions import define
from titanic_assets.prediction_log.recent import read_recent
from titanic_assets.releasing.by_hand import promote_by_hand
from titanic_assets.releasing.going_live import make_live
from titanic_assets.tracking.http_registry import open_registry
from titanic_assets.tracking.ledger import PromotionLedger

PASSENGERS = [{"sex": sex, "age": age} for sex in ("female", "male") for age in range(20, 70, 2)]


@pytest.fixture(scope="module")
def service(mlflow_server):
    """The real service, which follows and logs where the graph of this home looks."""
    places = mlflow_server.settings.places
    running = start_service(
        places.home,
        wait=False,
        releases_uri=places.releases,
        releases_poll_seconds=0.1,
        prediction_log_uri=places.prediction_log,
    )
    yield running
    running.stop()


@pytest.fixture
def settings(mlflow_server, service, receiver):
    mlflow_server.forget_models()
    return mlflow_server.settings.model_copy(
        update={
            "api_url": service.url,
            "slack_webhook_url": SecretStr(receiver.url),
            "health_predictions": 50,
        }
    )


@pytest.fixture
def ledger(settings):
    return PromotionLedger(settings.places.ledger)


@pytest.fixture
def live(settings):
    """Make a version with that bias champion by hand, and live."""
    models = Models(settings.places.mlflow)

    def promote_and_go(bias):
        number = models.register(bias)
        promote_by_hand(settings, number, "a test", print)
        make_live(settings, open_registry(settings), print)
        return number

    return promote_and_go


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick(settings, instance):
    """Evaluate the sensor as the daemon does."""
    cursor = None

    def evaluate():
        nonlocal cursor
        with dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"settings": settings}
        ) as context:
            found = release_health_sensor.evaluate_tick(context)
            cursor = found.cursor
        return found

    return evaluate


@pytest.fixture
def roll_back(settings, instance):
    """Run the job in this process, as it was asked for or as a person launches it."""

    def run(request=None, **tags):
        job = define(settings).resolve_job_def("rollback_job")
        return job.execute_in_process(
            run_config=request.run_config if request else None,
            tags={**(request.tags if request else {}), **tags},
            instance=instance,
        )

    return run


def ask_about_everybody(service, settings):
    """All passengers, one by one; until the log has them."""
    said = [service.predict(**passenger).json() for passenger in PASSENGERS]
    last = said[-1]["request_id"]

    def logged():
        found = read_recent(settings.predictions, 0)
        return any(event.request_id == last for event in found.events)

    wait_until(logged, what="the last prediction was not logged")
    return {answer["model_version"] for answer in said}


def test_a_worse_release_is_found_and_withdrawn_and_people_are_told(
    live, service, settings, ledger, tick, roll_back, receiver, instance
):
    good = live(-1.0)
    assert ask_about_everybody(service, settings) == {str(good)}
    assert "nothing is watched" in tick().skip_message
    bad = live(-3.0)

    (request,) = tick().run_requests
    done = roll_back(request)

    assert done.success
    assert ask_about_everybody(service, settings) == {str(good)}
    line = ledger.last("champion")
    assert (line.kind, line.from_version, line.to_version) == ("rollback", bad, good)
    assert line.who == "release_health_sensor"
    assert line.why.startswith(f"worse than version {good}: ")
    ((_, _, alert),) = receiver.taken
    what, why, *_, run = alert["text"].splitlines()
    assert what == (
        f"[critical] Version {bad} was withdrawn automatically, version {good} answers again"
    )
    assert why == f"Why: {line.why}."
    assert f"make promote VERSION={bad}" in alert["text"]
    assert run == f"Run: http://localhost:{settings.ui_port}/runs/{done.run_id}"
    shown = instance.get_latest_materialization_event(dg.AssetKey("live_release"))
    assert shown.asset_materialization.metadata["version"].value == good
    assert "nothing is watched" in tick().skip_message
    written = [instance.all_logs(done.run_id), *(ledger.events())]
    assert SECRET not in repr(written)


def test_as_it_is_the_job_withdraws_the_champion_and_nobody_is_alarmed(
    live, service, ledger, roll_back, receiver
):
    first, second = live(-1.0), live(-1.1)

    assert roll_back().success

    line = ledger.last("champion")
    assert (line.from_version, line.to_version) == (second, first)
    assert (line.who, line.why) == ("dagster job rollback_job", "asked for in the Dagster UI")
    assert service.predict().json()["model_version"] == str(first)
    assert receiver.taken == []


def test_a_version_that_is_champion_no_longer_is_left_alone(live, service, ledger, roll_back):
    first, second = live(-1.0), live(-1.1)
    config = {"ops": {"move_back": {"config": {"version": first, "reason": "too late"}}}}
    before = ledger.events()

    done = roll_back(dg.RunRequest(run_config=config))

    assert done.success
    assert ledger.events() == before
    assert service.predict().json()["model_version"] == str(second)
    assert done.asset_materializations_for_node("make_previous_live") == []


def test_a_webhook_that_fails_does_not_fail_the_withdrawal(live, service, roll_back, receiver):
    first, _ = live(-1.0), live(-1.1)
    receiver.status = 500

    done = roll_back(**{"titanic/withdraws": "2"})

    assert done.success
    assert service.predict().json()["model_version"] == str(first)
    assert len(receiver.taken) == 1


def test_a_job_that_is_tried_again_goes_back_once(live, ledger, roll_back, service):
    _, second, third = live(-1.0), live(-1.1), live(-1.2)
    done = roll_back()
    again = roll_back(**{"dagster/root_run_id": done.run_id, "dagster/parent_run_id": done.run_id})

    assert again.success
    assert [event.from_version for event in ledger.events() if event.kind == "rollback"] == [third]
    assert service.predict().json()["model_version"] == str(second)
