"""The promotion sensor: one run for what was moved, whoever moved it."""

import socket
import time

import dagster as dg
import pytest

from tests.impostor import Impostor, http
from tests.tracking.test_ledger import an_event
from tests.tracking.test_promotion import DiesBeforeMoving, Killed, a_promotion
from titanic_assets.automation.promotions import (
    decide_promotions,
    promotion_sensor,
)
from titanic_assets.releasing import EVENTS_TAG
from titanic_assets.settings import Settings
from titanic_assets.tracking.http_registry import RegistryUnreachable
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import promote
from titanic_assets.tracking.versions import MODEL_NAME


def events_of(tags):
    return tuple(tags[EVENTS_TAG].split(","))


class Watch:
    """The sensor on a home, tick by tick."""

    def __init__(self, settings, instance):
        self.settings, self.instance, self.cursor = settings, instance, None

    def tick(self, ago=None):
        """A look, so many seconds after the one before."""
        with dg.SensorEvaluationContext(
            instance_ref=None,
            instance=self.instance,
            cursor=self.cursor,
            resources={"settings": self.settings},
            last_tick_completion_time=None if ago is None else time.time() - ago,
            last_run_key=None,
            repository_name=None,
        ) as context:
            found = promotion_sensor.evaluate_tick(context)
        self.cursor = found.cursor
        return found

    def requests(self):
        return self.tick().run_requests or []


@pytest.fixture
def server(mlflow_server):
    mlflow_server.forget_models()
    return mlflow_server


@pytest.fixture
def ledger(server):
    return PromotionLedger(server.settings.places.ledger)


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def watch(server, instance):
    return Watch(server.settings, instance)


def test_each_event_is_answered_for_by_one_run():
    events = [an_event(name) for name in "abcde"]
    first = decide_promotions(events[:2], None)
    second = decide_promotions(events, first.cursor)
    assert (first.run_key, events_of(first.tags)) == ("promotion-b", ("a", "b"))
    assert (second.run_key, events_of(second.tags)) == ("promotion-e", ("c", "d", "e"))
    assert decide_promotions(events, second.cursor).run_key is None
    assert decide_promotions([], None).run_key is None


@pytest.mark.parametrize("cursor", [None, "", "of another ledger"])
def test_a_cursor_that_was_wiped_asks_for_the_run_that_there_was(cursor):
    events = [an_event(name) for name in "abc"]
    asked_for = decide_promotions(events, "b")
    assert decide_promotions(events, cursor).run_key == asked_for.run_key


def test_promoting_3_then_4_then_3_again_is_three_events(server, ledger, watch):
    versions = [server.registry.version(each) for each in server.register("a", "b", "c", "d")]
    keys = []
    for number, run in ((3, "r1"), (4, "r2"), (3, "r3")):
        promote(server.registry, ledger, a_promotion(versions[number - 1], run))
        (request,) = watch.requests()
        assert events_of(request.tags) == (f"{run}:champion",)
        assert request.tags["titanic/moved"] == f"champion {number}"
        keys.append(request.run_key)
    assert len(set(keys)) == 3
    assert watch.requests() == []


def test_a_burst_of_moves_is_one_run_that_names_them_all(server, ledger, watch):
    versions = [server.registry.version(each) for each in server.register("a", "b")]
    for number in range(50):
        promote(server.registry, ledger, a_promotion(versions[number % 2], f"run-{number}"))
    (request,) = watch.requests()
    assert len(events_of(request.tags)) == 50
    assert request.run_key == "promotion-run-49:champion"
    assert request.tags["titanic/moved"] == "champion 2"
    assert watch.requests() == []


def test_of_a_burst_by_hand_the_last_state_is_one_event(server, ledger, watch):
    server.register("a", "b")
    for number in range(50):
        server.registry.move_alias("champion", number % 2 + 1)
    (request,) = watch.requests()
    (event,) = ledger.events()
    assert (event.kind, event.to_version) == ("by_hand", 2)
    assert events_of(request.tags) == (event.event_id,)
    # Backwards is a move like any other.
    server.registry.move_alias("champion", 1)
    (request,) = watch.requests()
    assert request.tags["titanic/moved"] == "champion 1"
    assert watch.requests() == []


def test_a_challenger_moved_or_taken_away_is_for_a_run_too(server, watch):
    server.register("a", "b")
    server.registry.move_alias("champion", 1)
    server.registry.move_alias("challenger", 2)
    (request,) = watch.requests()
    assert request.tags["titanic/moved"] == "challenger 2; champion 1"
    server.registry.drop_alias("challenger")
    (request,) = watch.requests()
    assert request.tags["titanic/moved"] == "challenger nobody"


def test_an_interrupted_promotion_is_finished_and_made_live(server, ledger, watch):
    (number,) = server.register("a")
    promotion = a_promotion(server.registry.version(number))
    with pytest.raises(Killed):
        promote(DiesBeforeMoving(server.registry.tracking_uri), ledger, promotion)
    (request,) = watch.requests()
    assert events_of(request.tags) == ("run-1:champion",)
    assert server.registry.aliases() == {"champion": number}
    assert [event.kind for event in ledger.events()] == ["promotion"]


def test_a_ledger_that_outlived_its_models_starts_nothing_until_there_is_a_champion(
    server, ledger, watch
):
    (number,) = server.register("a")
    promote(server.registry, ledger, a_promotion(server.registry.version(number), "before"))
    server.registry.drop_alias("champion")

    assert "nobody is champion" in watch.tick().skip_message

    promote(server.registry, ledger, a_promotion(server.registry.version(number), "after"))
    (request,) = watch.requests()
    assert request.run_key == "promotion-after:champion"
    assert request.tags["titanic/moved"] == "champion 1"


def test_what_cannot_be_made_live_is_said(server, watch):
    (number,) = server.register("a")
    server.registry.move_alias("champion", number)
    assert len(watch.requests()) == 1
    foreign = int(server.registry.client.create_model_version(MODEL_NAME, "/nowhere").version)
    server.registry.move_alias("champion", foreign)
    assert "not registered by the training job" in watch.tick().skip_message
    server.registry.drop_alias("champion")
    assert f"version {number} stays live" in watch.tick().skip_message
    server.registry.move_alias("champion", number)
    assert watch.requests() == []


@pytest.mark.parametrize("trouble", ["down", "nonsense"])
def test_trouble_with_the_registry_fails_the_tick_and_loses_nothing(
    server, ledger, instance, trouble
):
    with Impostor(http("<h1>Hello</h1>")) as nonsense, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = (
            nobody.getsockname()[1] if trouble == "down" else int(nonsense.url.rpartition(":")[2])
        )
        home = server.settings.titanic_home
        troubled = Watch(Settings(titanic_home=home, mlflow_port=port), instance)
        assert "no promotion was seen yet" in troubled.tick().skip_message

        first, number = server.register("a", "b")
        promote(server.registry, ledger, a_promotion(server.registry.version(first), "run-1"))
        assert "no promotion was seen yet" in troubled.tick().skip_message
        troubled.cursor = "run-1:champion"
        promote(server.registry, ledger, a_promotion(server.registry.version(number), "run-2"))
        # After a start, MLflow may be slower than Dagster's daemon.
        assert "the first look after a while" in troubled.tick(ago=60).skip_message
        with pytest.raises(RegistryUnreachable, match=str(port)):
            troubled.tick(ago=5)
        assert troubled.cursor == "run-1:champion"
        troubled.settings = server.settings
        assert len(troubled.requests()) == 1
