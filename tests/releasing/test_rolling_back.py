"""Back to the champion before: at the terminal, with everything running, in seconds."""

import os
import resource
import shutil
import subprocess
import sys
import time

import dagster as dg
import pytest

from tests.releasing.conftest import Models
from tests.service.serving import free_port, start_service
from titanic_assets.releasing.by_hand import promote_by_hand
from titanic_assets.releasing.going_live import make_live
from titanic_assets.releasing.rolling_back import roll_back
from titanic_assets.settings import CHECKOUT
from titanic_assets.stack.stores import prepare_dagster
from titanic_assets.tracking.champions import withdrawn
from titanic_assets.tracking.http_registry import http_registry
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.withdrawal import Withdrawal


@pytest.fixture(scope="module")
def service(mlflow_server):
    """The real service, which follows the home of MLflow's server."""
    settings = mlflow_server.settings
    service = start_service(
        settings.titanic_home,
        wait=False,
        releases_uri=settings.places.releases,
        releases_poll_seconds=0.1,
    )
    yield service
    service.stop()


@pytest.fixture
def settings(mlflow_server, service):
    mlflow_server.forget_models()
    return mlflow_server.settings.model_copy(update={"api_url": service.url})


@pytest.fixture
def models(settings):
    return Models(settings.places.mlflow)


@pytest.fixture
def ledger(settings):
    return PromotionLedger(settings.places.ledger)


@pytest.fixture
def champions(models, settings):
    """Two versions, the second of which is live and champion after the first."""
    numbers = [models.register(-1.0), models.register(-2.0)]
    for number in numbers:
        promote_by_hand(settings, number, "a test", print)
        make_live(settings, http_registry(settings), print)
    return numbers


def at_the_terminal(settings, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "titanic_assets.releasing", *arguments],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "TITANIC_HOME": str(settings.titanic_home),
            "MLFLOW_PORT": str(settings.mlflow_port),
            "API_URL": settings.api_url,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_rollback_at_the_terminal_takes_seconds_and_dagster_knows(
    champions, models, settings, service, ledger
):
    first, second = champions
    shutil.rmtree(models.artifacts(first))  # nothing is fetched or built
    prepare_dagster(settings)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)

    done = at_the_terminal(settings, "rollback", "--why", "it answers too slowly")

    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode == 0, done.stderr
    # Three seconds on a free machine, two of them computing; others may keep it busy meanwhile.
    assert computed < 6
    assert seconds < 30
    assert service.predict().json()["model_version"] == str(first)
    assert f"version {second} is withdrawn, version {first} is champion again" in done.stdout
    assert f"answers with version {first}" in done.stdout
    event = ledger.last()
    assert (event.kind, event.to_version, event.why) == (
        "rollback", first, "it answers too slowly",
    )  # fmt: skip
    with dg.DagsterInstance.from_config(str(settings.places.dagster)) as instance:
        newest = instance.get_latest_materialization_event(dg.AssetKey("live_release"))
    shown = newest.asset_materialization.metadata
    assert (shown["version"].value, shown["event"].value) == (first, event.event_id)


def test_a_version_that_was_withdrawn_is_champion_again_by_a_person(champions, settings, ledger):
    _, second = champions
    roll_back(settings, http_registry(settings), Withdrawal("bad", "ann"), print)
    assert withdrawn(ledger.events())

    done = at_the_terminal(settings, "promote", str(second), "--why", "it was the network")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"version {second} is champion; it was version" in done.stdout
    event = ledger.last()
    assert (event.kind, event.to_version, event.why) == ("by_hand", second, "it was the network")
    assert not withdrawn(ledger.events())
    again = at_the_terminal(settings, "promote", str(second))
    assert f"version {second} is champion already" in again.stdout
    assert ledger.last() == event


def test_what_cannot_be_done_is_said_and_does_nothing(models, settings, ledger):
    def refusal(*arguments):
        done = at_the_terminal(settings, *arguments)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "there has not been a champion yet" in refusal("rollback")
    assert "there is no version 9" in refusal("promote", "9")
    number = models.register(-1.0)
    promote_by_hand(settings, number, "", print)
    assert "make promote VERSION=" in refusal("rollback")
    assert models.registry.aliases() == {"champion": number}
    assert len(ledger.events()) == 1


def test_a_rollback_asked_for_twice_is_done_once(champions, settings, ledger):
    first, second = champions
    said = []
    meant = Withdrawal("bad", "release_health_sensor", expected=second)
    assert roll_back(settings, http_registry(settings), meant, said.append).live.version == first
    again = Withdrawal("bad", "release_health_sensor", expected=second)
    assert roll_back(settings, http_registry(settings), again, said.append) is None
    assert "nothing is taken back" in said[-1]
    assert len([event for event in ledger.events() if event.kind == "rollback"]) == 1


def test_without_mlflows_server_the_rollback_opens_the_store_itself(champions, settings, service):
    first, _ = champions
    alone = settings.model_copy(update={"mlflow_port": free_port()})
    done = at_the_terminal(alone, "rollback")
    assert done.returncode == 0, done.stderr
    assert service.predict().json()["model_version"] == str(first)


@pytest.mark.parametrize("command", [[], ["promote"], ["rollback"]])
def test_every_command_has_its_help(command):
    done = subprocess.run(
        [sys.executable, "-m", "titanic_assets.releasing", *command, "--help"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "usage:" in done.stdout
