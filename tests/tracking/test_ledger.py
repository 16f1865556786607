"""The promotion ledger: what is written stays, whatever happens to the writer."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger, UnreadableLine


def an_event(event_id: str = "run-1:champion", **changes: Any) -> PromotionEvent:
    facts: dict[str, Any] = {
        "event_id": event_id,
        "when": datetime(2026, 4, 15, 12, tzinfo=UTC),
        "who": "training_job",
        "alias": "champion",
        "from_version": 1,
        "to_version": 2,
        "why": "gains 0.004 log loss",
        "digest": "d2",
        "dagster_run_id": "run-1",
    }
    return PromotionEvent(**{**facts, **changes})


@pytest.fixture
def ledger(tmp_path: Path) -> PromotionLedger:
    return PromotionLedger(tmp_path / "ledger" / "promotions.jsonl")


def test_a_ledger_that_is_not_there_is_empty_and_reading_makes_nothing(
    ledger: PromotionLedger,
) -> None:
    assert ledger.events() == ()
    assert ledger.last() is None
    assert not ledger.path.parent.exists()


def test_events_come_back_in_order(ledger: PromotionLedger) -> None:
    events = [
        an_event("a"),
        an_event("b", alias="challenger", from_version=None, dagster_run_id=None),
        an_event("c"),
    ]
    for event in events:
        ledger.append(event)
    assert ledger.events() == tuple(events)
    assert ledger.last() == events[2]
    assert ledger.last("challenger") == events[1]
    assert ledger.read().event("b") == events[1]
    assert ledger.read().event("z") is None


def test_the_same_event_is_one_event(ledger: PromotionLedger) -> None:
    ledger.append(an_event("a", why="first"))
    ledger.append(an_event("a", why="again"))
    assert [event.why for event in ledger.events()] == ["first"]
    assert len(ledger.path.read_bytes().splitlines()) == 1


def test_times_are_written_in_utc(ledger: PromotionLedger) -> None:
    in_berlin = datetime(2026, 4, 15, 14, tzinfo=timezone(timedelta(hours=2)))
    ledger.append(an_event(when=in_berlin))
    assert json.loads(ledger.path.read_text())["when"] == "2026-04-15T12:00:00Z"
    with pytest.raises(ValidationError, match="timezone"):
        an_event(when=datetime(2026, 4, 15))  # noqa: DTZ001 - a time without a zone is the case


@pytest.mark.parametrize("kept", [1, 30, -3])
def test_a_torn_last_line_is_reported_and_spoils_no_other(
    ledger: PromotionLedger, caplog: pytest.LogCaptureFixture, kept: int
) -> None:
    ledger.append(an_event("a"))
    ledger.append(an_event("b"))
    whole, torn = ledger.path.read_bytes().splitlines()
    ledger.path.write_bytes(whole + b"\n" + torn[:kept])

    assert ledger.events() == (an_event("a"),)
    assert ledger.read().unreadable == (UnreadableLine(2, torn[:kept].decode()),)
    with caplog.at_level(logging.WARNING):
        ledger.last()
    assert "line 2 is no event" in caplog.text

    ledger.append(an_event("b"))
    ledger.append(an_event("c"))
    assert [event.event_id for event in ledger.events()] == ["a", "b", "c"]
    assert [line.number for line in ledger.read().unreadable] == [2]


def test_a_line_that_lacks_only_its_end_is_an_event(ledger: PromotionLedger) -> None:
    ledger.append(an_event("a"))
    ledger.path.write_bytes(ledger.path.read_bytes().rstrip())
    ledger.append(an_event("a"))
    ledger.append(an_event("b"))
    assert [event.event_id for event in ledger.events()] == ["a", "b"]
    assert ledger.read().unreadable == ()


def test_fields_of_a_newer_release_do_not_make_a_line_unreadable(ledger: PromotionLedger) -> None:
    ledger.append(an_event("a"))
    line = {**json.loads(ledger.path.read_text()), "approved_by": "someone"}
    ledger.path.write_text("\n" + json.dumps(line) + "\n")
    assert ledger.events() == (an_event("a"),)


def test_writers_side_by_side_lose_nothing(ledger: PromotionLedger) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.append(an_event(f"event {n % 40}")), range(80)))
    assert len(ledger.path.read_bytes().splitlines()) == 40
    assert {event.event_id for event in ledger.events()} == {f"event {n}" for n in range(40)}
