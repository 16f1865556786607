"""A promotion cut off anywhere ends whole: the alias moved, and one line in the ledger."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from titanic_assets.tracking.champions import on_trial
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger
from titanic_assets.tracking.promotion import Promotion, finish_promotion, promote
from titanic_assets.tracking.registry import Registry
from titanic_assets.tracking.versions import MODEL_NAME, Alias, ModelVersion


class Killed(BaseException):
    """What no code on the way catches, as a kill."""


class DiesBeforeMoving(Registry):
    """A registry whose process is killed before the alias moves."""

    def move_alias(self, alias: Alias, version: int) -> None:  # noqa: ARG002 - never gets there
        raise Killed


class DiesAfterMoving(Registry):
    """A registry whose process is killed once the alias has moved."""

    def move_alias(self, alias: Alias, version: int) -> None:
        super().move_alias(alias, version)
        raise Killed


@pytest.fixture
def ledger(tmp_path: Path) -> PromotionLedger:
    return PromotionLedger(tmp_path / "ledger" / "promotions.jsonl")


@pytest.fixture
def versions(registry: Registry) -> list[ModelVersion]:
    """Three registered versions."""
    for digest in ("d1", "d2", "d3"):
        registry.client.create_model_version(MODEL_NAME, "/nowhere", tags={"digest": digest})
    return sorted(registry.versions(), key=lambda version: version.version)


def a_promotion(version: ModelVersion, run: str = "run-1", **changes: Any) -> Promotion:
    facts = {"alias": "champion", "why": "better", "who": "training_job", **changes}
    return Promotion(version=version, dagster_run_id=run, **facts)


def test_a_promotion_moves_the_alias_and_writes_a_line(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    first = promote(registry, ledger, a_promotion(versions[0], "run-1"))
    second = promote(registry, ledger, a_promotion(versions[1], "run-2", why="gains 0.004"))
    assert registry.version_at("champion") == versions[1]
    assert ledger.events() == (first, second)
    assert first is not None
    assert second is not None
    assert (first.from_version, first.to_version) == (None, 1)
    assert (second.from_version, second.to_version) == (1, 2)
    assert (second.why, second.digest, second.event_id) == ("gains 0.004", "d2", "run-2:champion")


def test_champion_and_challenger_of_one_run_are_two_events(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    promote(registry, ledger, a_promotion(versions[0]))
    promote(registry, ledger, a_promotion(versions[1], alias="challenger"))
    assert registry.version_at("champion") == versions[0]
    assert registry.version_at("challenger") == versions[1]
    assert len(ledger.events()) == 2


def test_a_promotion_to_where_the_alias_is_makes_no_event(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    promote(registry, ledger, a_promotion(versions[0], "run-1"))
    assert promote(registry, ledger, a_promotion(versions[0], "run-2")) is None
    assert [event.event_id for event in ledger.events()] == ["run-1:champion"]


@pytest.mark.parametrize("dying", [DiesBeforeMoving, DiesAfterMoving])
def test_a_run_tried_again_after_a_crash_ends_with_one_line(
    registry: Registry,
    ledger: PromotionLedger,
    versions: list[ModelVersion],
    dying: type[Registry],
) -> None:
    promote(registry, ledger, a_promotion(versions[0], "run-1"))
    with pytest.raises(Killed):
        promote(dying(registry.tracking_uri), ledger, a_promotion(versions[1], "run-2"))
    event = promote(registry, ledger, a_promotion(versions[1], "run-2"))
    assert registry.version_at("champion") == versions[1]
    assert [each.event_id for each in ledger.events()] == ["run-1:champion", "run-2:champion"]
    assert event == ledger.last()
    assert event is not None
    assert event.from_version == 1


@pytest.mark.parametrize("dying", [DiesBeforeMoving, DiesAfterMoving])
def test_whoever_comes_next_finishes_what_a_crash_cut_off(
    registry: Registry,
    ledger: PromotionLedger,
    versions: list[ModelVersion],
    dying: type[Registry],
) -> None:
    with pytest.raises(Killed):
        promote(dying(registry.tracking_uri), ledger, a_promotion(versions[0], "run-1"))
    finished = finish_promotion(registry, ledger)
    assert finished is not None
    assert finished.event_id == "run-1:champion"
    assert registry.version_at("champion") == versions[0]
    assert ledger.events() == (finished,)
    assert finish_promotion(registry, ledger) is None


def test_another_run_after_a_crash_adds_to_the_finished_one(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    with pytest.raises(Killed):
        promote(DiesBeforeMoving(registry.tracking_uri), ledger, a_promotion(versions[0], "run-1"))
    promote(registry, ledger, a_promotion(versions[1], "run-2"))
    moves = [(event.from_version, event.to_version) for event in ledger.events()]
    assert moves == [(None, 1), (1, 2)]
    assert registry.version_at("champion") == versions[1]


def test_a_crash_in_the_middle_of_the_line_costs_nothing(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    with pytest.raises(Killed):
        promote(DiesAfterMoving(registry.tracking_uri), ledger, a_promotion(versions[0]))
    ledger.path.write_bytes(b'{"event_id":"run-1:cham')
    promote(registry, ledger, a_promotion(versions[0]))
    assert [event.event_id for event in ledger.events()] == ["run-1:champion"]


def test_a_crash_after_the_line_costs_nothing(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    event = promote(registry, ledger, a_promotion(versions[0]))
    assert event is not None
    with ledger.held() as book:
        book.intend(event)
    promote(registry, ledger, a_promotion(versions[0]))
    assert ledger.events() == (event,)
    assert len(ledger.path.read_bytes().splitlines()) == 1
    with ledger.held() as book:
        assert book.intended() is None


def test_a_run_tried_again_does_not_undo_what_came_after_it(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    first = promote(registry, ledger, a_promotion(versions[0], "run-1"))
    promote(registry, ledger, a_promotion(versions[1], "run-2"))
    assert promote(registry, ledger, a_promotion(versions[0], "run-1")) == first
    assert registry.version_at("champion") == versions[1]
    assert len(ledger.events()) == 2


def test_two_that_promote_at_once_leave_a_chain_without_a_gap(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    promotions = [a_promotion(version, f"run-{n}") for n, version in enumerate(versions)] * 2

    def run(promotion: Promotion) -> None:
        promote(Registry(registry.tracking_uri), ledger, promotion)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, promotions))
    events = ledger.events()
    assert sorted(event.to_version for event in events) == [1, 2, 3]
    assert [event.from_version for event in events] == [
        None,
        *(event.to_version for event in events[:-1]),
    ]
    champion = registry.version_at("champion")
    assert champion is not None
    assert champion.version == events[-1].to_version


def test_what_was_judged_beside_another_champion_is_not_promoted(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    promote(registry, ledger, a_promotion(versions[0], "run-1"))
    assert promote(registry, ledger, a_promotion(versions[1], "run-2", instead_of=3)) is None
    assert registry.aliases() == {"champion": 1}
    registry.move_alias("champion", 3)
    event = promote(registry, ledger, a_promotion(versions[1], "run-3", instead_of=3))
    assert event is not None
    assert registry.aliases() == {"champion": 2}


def test_a_challenger_that_is_there_already_can_still_go_on_trial(
    registry: Registry, ledger: PromotionLedger, versions: list[ModelVersion]
) -> None:
    def challenge(run: str, **changes: Any) -> PromotionEvent | None:
        challenger = a_promotion(versions[1], run, alias="challenger", **changes)
        return promote(registry, ledger, challenger)

    promote(registry, ledger, a_promotion(versions[0], "run-1"))
    assert challenge("run-2") is not None
    assert challenge("run-3") is None
    assert on_trial(ledger.events()) is None
    trial = challenge("run-4", on_trial=True)
    assert on_trial(ledger.events()) == trial
    assert challenge("run-5", on_trial=True) is None
    # Judged beside a new champion, it begins once more.
    promote(registry, ledger, a_promotion(versions[2], "run-6"))
    assert challenge("run-7", on_trial=True) == on_trial(ledger.events())
