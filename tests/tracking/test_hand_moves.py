"""What is moved in the registry itself stands in the ledger, as far as it can be released."""

import pytest

from tests.tracking.test_promotion import DiesAfterMoving, Killed, a_promotion
from titanic_assets.tracking.champions import champions, withdrawn
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import enter_moves, promote
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_assets.tracking.withdrawal import Withdrawal, withdraw


@pytest.fixture
def ledger(tmp_path):
    return PromotionLedger(tmp_path / "ledger" / "promotions.jsonl")


@pytest.fixture
def versions(registry):
    """Five registered versions, from 1 on."""
    for number in range(1, 6):
        registry.client.create_model_version(MODEL_NAME, "/nowhere", tags={"digest": f"d{number}"})
    return [registry.version(number) for number in range(1, 6)]


def told(ledger):
    return [(each.kind, each.alias, each.from_version, each.to_version) for each in ledger.events()]


def test_where_the_aliases_are_is_entered_once(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0]))
    registry.move_alias("champion", 2)
    registry.move_alias("challenger", 3)

    entered = enter_moves(registry, ledger).entered
    assert enter_moves(registry, ledger).entered == ()

    assert told(ledger)[1:] == [("by_hand", "champion", 1, 2), ("by_hand", "challenger", None, 3)]
    assert [event.digest for event in entered] == ["d2", "d3"]
    assert len({event.event_id for event in ledger.events()}) == 3


def test_of_many_moves_by_hand_the_last_one_counts(registry, ledger, versions):
    for _ in range(10):
        for version in versions:
            registry.move_alias("champion", version.version)
    enter_moves(registry, ledger)
    assert told(ledger) == [("by_hand", "champion", None, 5)]


def test_a_challenger_that_was_taken_away_is_entered_as_nobody(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0], alias="challenger"))
    registry.drop_alias("challenger")
    (event,) = enter_moves(registry, ledger).entered
    assert (event.to_version, event.digest) == (None, "")
    assert enter_moves(registry, ledger).entered == ()


def test_without_a_champion_nothing_is_entered_and_it_is_said(registry, ledger, versions):
    assert enter_moves(registry, ledger).problems == ()
    promote(registry, ledger, a_promotion(versions[0]))
    registry.drop_alias("champion")
    moves = enter_moves(registry, ledger)
    assert moves.entered == ()
    assert "version 1 stays live" in moves.problems[0]
    assert len(ledger.events()) == 1


def test_a_version_that_is_not_ours_is_not_entered_and_it_is_said(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0]))
    registry.client.create_model_version(MODEL_NAME, "/nowhere")
    registry.move_alias("champion", 6)
    registry.move_alias("challenger", 2)
    moves = enter_moves(registry, ledger)
    assert "version 6" in moves.problems[0]
    assert "not registered by the training job" in moves.problems[0]
    assert [event.alias for event in moves.entered] == ["challenger"]
    promote(registry, ledger, a_promotion(versions[2], "run-2"))
    assert champions(ledger.events()) == (1, 3)


def test_what_a_crash_interrupted_is_finished_and_not_taken_for_a_move_by_hand(
    registry, ledger, versions
):
    with pytest.raises(Killed):
        promote(DiesAfterMoving(registry.tracking_uri), ledger, a_promotion(versions[0]))
    assert enter_moves(registry, ledger).entered == ()
    assert told(ledger) == [("promotion", "champion", None, 1)]


def test_a_champion_by_hand_is_the_one_before_the_next(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0], "run-1"))
    registry.move_alias("champion", 4)
    promote(registry, ledger, a_promotion(versions[1], "run-2"))
    assert champions(ledger.events()) == (1, 4, 2)
    assert withdraw(registry, ledger, Withdrawal("bad", "ann")).to_version == 4


def test_a_withdrawn_model_comes_back_by_hand(registry, ledger, versions):
    promote(registry, ledger, a_promotion(versions[0], "run-1"))
    promote(registry, ledger, a_promotion(versions[1], "run-2"))
    withdraw(registry, ledger, Withdrawal("bad", "ann"))
    assert set(withdrawn(ledger.events())) == {"d2"}
    registry.move_alias("champion", 2)
    enter_moves(registry, ledger)
    assert withdrawn(ledger.events()) == {}
