"""Going back: to the champion before, once for each time that it is asked for."""

import pytest

from tests.tracking.test_promotion import DiesAfterMoving, DiesBeforeMoving, Killed, a_promotion
from titanic_assets.releasing.by_hand import roll_back_by_hand
from titanic_assets.settings import Settings
from titanic_assets.tracking.champions import champions, withdrawn
from titanic_assets.tracking.http_registry import RegistryUnreachable
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import enter_moves, promote
from titanic_assets.tracking.registry import NoSuchVersion, Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_assets.tracking.withdrawal import NoWayBack, Withdrawal, withdraw


@pytest.fixture
def versions(registry):
    """Three registered versions."""
    for number in range(1, 4):
        registry.client.create_model_version(MODEL_NAME, "/nowhere", tags={"digest": f"d{number}"})
    return [registry.version(number) for number in range(1, 4)]


@pytest.fixture
def ledger(tmp_path, registry, versions):
    """All three have been champion, one after another."""
    ledger = PromotionLedger(tmp_path / "ledger" / "promotions.jsonl")
    for version in versions:
        promote(registry, ledger, a_promotion(version, f"run-{version.version}"))
    return ledger


def a_withdrawal(**changes):
    return Withdrawal(**{"why": "it answers too slowly", "who": "ann", **changes})


def test_the_champion_before_is_champion_again_and_the_ledger_says_why(registry, ledger):
    event = withdraw(registry, ledger, a_withdrawal())
    assert registry.aliases() == {"champion": 2}
    assert event == ledger.last()
    assert (event.kind, event.from_version, event.to_version) == ("rollback", 3, 2)
    assert (event.digest, event.withdraws) == ("d2", "d3")
    assert (event.why, event.who) == ("it answers too slowly", "ann")
    assert set(withdrawn(ledger.events())) == {"d3"}


def test_two_rollbacks_go_two_champions_back_and_a_third_nowhere(registry, ledger):
    assert withdraw(registry, ledger, a_withdrawal()).to_version == 2
    assert withdraw(registry, ledger, a_withdrawal()).to_version == 1
    with pytest.raises(NoWayBack, match="version 1 is champion, and none"):
        withdraw(registry, ledger, a_withdrawal())
    assert registry.aliases() == {"champion": 1}
    assert champions(ledger.events()) == (1,)


def test_only_the_version_that_was_meant_is_withdrawn(registry, ledger):
    assert withdraw(registry, ledger, a_withdrawal(expected=2)) is None
    assert registry.aliases() == {"champion": 3}
    assert withdraw(registry, ledger, a_withdrawal(expected=3)).to_version == 2
    assert withdraw(registry, ledger, a_withdrawal(expected=3)) is None
    assert registry.aliases() == {"champion": 2}


def test_a_run_that_is_tried_again_goes_back_once(registry, ledger):
    first = withdraw(registry, ledger, a_withdrawal(dagster_run_id="run-9", expected=3))
    again = withdraw(registry, ledger, a_withdrawal(dagster_run_id="run-9", expected=3))
    assert first == again
    assert registry.aliases() == {"champion": 2}


@pytest.mark.parametrize("dying", [DiesBeforeMoving, DiesAfterMoving])
def test_a_rollback_that_was_killed_is_finished_by_whoever_comes_next(registry, ledger, dying):
    with pytest.raises(Killed):
        withdraw(dying(registry.tracking_uri), ledger, a_withdrawal())
    assert enter_moves(registry, ledger).entered == ()
    assert registry.aliases() == {"champion": 2}
    assert (ledger.last().kind, ledger.last().withdraws) == ("rollback", "d3")


@pytest.mark.parametrize("dying", [DiesBeforeMoving, DiesAfterMoving])
def test_whoever_asks_again_after_one_that_broke_off_goes_back_once(registry, ledger, dying):
    with pytest.raises(Killed):
        withdraw(dying(registry.tracking_uri), ledger, a_withdrawal())
    again = withdraw(registry, ledger, a_withdrawal())
    assert (again.from_version, again.to_version) == (3, 2)
    assert registry.aliases() == {"champion": 2}
    assert withdraw(registry, ledger, a_withdrawal()).to_version == 1


class GoneBeforeMoving(Registry):
    """A registry that answers until an alias is to be moved."""

    def move_alias(self, alias, version):  # noqa: ARG002 - never gets there
        raise RegistryUnreachable("MLflow does not answer")


def test_a_rollback_that_is_begun_and_cannot_be_ended_is_told_at_the_terminal(
    registry, versions, tmp_path, monkeypatch
):
    settings = Settings(titanic_home=tmp_path)
    ledger = PromotionLedger(settings.places.ledger)
    for version in versions[:2]:
        promote(registry, ledger, a_promotion(version, f"run-{version.version}"))
    gone = GoneBeforeMoving(registry.tracking_uri)
    monkeypatch.setattr("titanic_assets.releasing.by_hand.open_registry", lambda _: gone)
    said = []
    with pytest.raises(RegistryUnreachable):
        roll_back_by_hand(settings, "", said.append)
    assert "would withdraw one more version" in said[-1]
    enter_moves(registry, ledger)
    assert registry.aliases() == {"champion": 1}


def test_champions_that_are_no_longer_registered_are_passed_over(registry, ledger):
    registry.client.delete_model_version(MODEL_NAME, "2")
    assert withdraw(registry, ledger, a_withdrawal()).to_version == 1
    assert registry.aliases() == {"champion": 1}
    assert champions(ledger.events()) == (1,)


def test_where_all_champions_before_were_deleted_it_is_said_how_to_name_another(registry, ledger):
    for number in "12":
        registry.client.delete_model_version(MODEL_NAME, number)
    with pytest.raises(NoWayBack, match=r"1, 2, none is in the registry .*make promote VERSION="):
        withdraw(registry, ledger, a_withdrawal())
    assert registry.aliases() == {"champion": 3}


def test_what_was_moved_by_hand_is_taken_back_too(registry, ledger):
    registry.move_alias("champion", 1)
    event = withdraw(registry, ledger, a_withdrawal())
    assert (event.from_version, event.to_version, event.withdraws) == (1, 3, "d1")


def test_without_a_champion_of_ours_it_is_said_how_to_name_one(registry, ledger):
    registry.drop_alias("champion")
    with pytest.raises(NoWayBack, match=r"no version has the alias.*make promote VERSION="):
        withdraw(registry, ledger, a_withdrawal())
    registry.client.create_model_version(MODEL_NAME, "/nowhere")
    registry.move_alias("champion", 4)
    with pytest.raises(NoWayBack, match=r"version 4 .*not registered by the training job"):
        withdraw(registry, ledger, a_withdrawal())


def test_before_the_first_champion_there_is_nothing_to_take_back(registry, tmp_path):
    with pytest.raises(NoWayBack, match="not been a champion yet"):
        withdraw(registry, PromotionLedger(tmp_path / "none.jsonl"), a_withdrawal())


def test_who_becomes_champion_is_challenger_no_more(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[1], "run-8", alias="challenger"))
    withdraw(registry, ledger, a_withdrawal())
    assert registry.aliases() == {"champion": 2}
    champion, challenger = ledger.events()[-2:]
    assert champion.alias == "champion"
    assert (challenger.alias, challenger.from_version, challenger.to_version) == (
        "challenger", 2, None,
    )  # fmt: skip
    assert enter_moves(registry, ledger).entered == ()


class DiesAfterDropping(Registry):
    """A registry whose process is killed once an alias is dropped."""

    def drop_alias(self, alias):
        super().drop_alias(alias)
        raise Killed


def test_a_challenger_half_promoted_is_one_of_the_two_in_the_end(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0], "run-8", alias="challenger"))
    with pytest.raises(Killed):
        promote(DiesAfterDropping(registry.tracking_uri), ledger, a_promotion(versions[0], "run-9"))
    assert enter_moves(registry, ledger).entered == ()
    assert registry.aliases() == {"champion": 1}
    assert [event.to_version for event in ledger.events()[-3:]] == [1, 1, None]


def test_a_challenger_that_was_exchanged_by_hand_stays(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0], "run-8", alias="challenger"))
    registry.client.create_model_version(MODEL_NAME, "/nowhere")
    registry.move_alias("challenger", 4)
    promote(registry, ledger, a_promotion(versions[0], "run-9"))
    assert registry.aliases() == {"champion": 1, "challenger": 4}


def test_a_version_that_was_deleted_meanwhile_is_in_nobodys_way(registry, ledger, versions):
    with pytest.raises(Killed):
        promote(DiesBeforeMoving(registry.tracking_uri), ledger, a_promotion(versions[0], "run-9"))
    registry.client.delete_model_version(MODEL_NAME, "1")
    with pytest.raises(NoSuchVersion):
        enter_moves(registry, ledger)
    assert enter_moves(registry, ledger).entered == ()
    assert registry.aliases() == {"champion": 3}
