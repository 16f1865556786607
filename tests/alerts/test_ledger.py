"""The ledger of alerts loses nothing to a crash and reads no more than it should."""

import pytest

from tests.alerts.alerts import an_alert
from titanic_assets.alerts.ledger import AlertLedger, Over, Tried

DAY = 24 * 3600.0


@pytest.fixture
def ledger(tmp_path):
    return AlertLedger(tmp_path / "ledger" / "alerts.jsonl")


def enter(ledger, key="a", now=100.0):
    return ledger.enter(an_alert(key=key), now, repeat_seconds=DAY, configured=True)


def test_a_ledger_that_is_not_there_is_empty(ledger):
    assert ledger.records() == ()


def test_what_is_entered_is_read_back(ledger):
    record, is_news = enter(ledger)

    assert is_news
    assert ledger.records() == (record,)


def test_a_line_torn_by_a_crash_costs_that_line_alone(ledger):
    first, _ = enter(ledger)
    enter(ledger, "b")
    content = ledger.path.read_bytes()
    ledger.path.write_bytes(content[:-20])

    third, _ = enter(ledger, "c")

    contents = ledger.read()
    assert contents.records == (first, third)
    assert contents.unreadable == 1


def test_lines_of_another_make_are_passed_over(ledger):
    record, _ = enter(ledger)
    with ledger.path.open("ab") as file:
        file.write(b'\xff\xfe\n[]\n{"what":"sung","at":1,"id":"x"}\n\n')

    assert ledger.read().records == (record,)
    assert ledger.read().unreadable == 3


def test_what_happened_to_an_alert_whose_beginning_is_out_of_sight_is_no_alert(ledger):
    ledger.append(Tried(at=1, ids=("unknown",), sent=True))
    ledger.append(Over(at=1, id="unknown"))

    assert ledger.records() == ()
    assert ledger.read().messages == (1,)


def test_of_a_ledger_that_has_grown_for_years_the_end_is_read(ledger, monkeypatch):
    for number in range(10):
        enter(ledger, str(number))
    length = ledger.path.stat().st_size // 10
    monkeypatch.setattr("titanic_assets.alerts.ledger._READ_BYTES", length * 3 + length // 2)

    contents = ledger.read()

    assert [record.alert.key for record in contents.records] == ["7", "8", "9"]
    assert contents.unreadable == 0


def test_closing_what_is_not_open_changes_nothing(ledger):
    assert ledger.close("a", 1.0) is None
    enter(ledger)
    assert ledger.close("a", 200.0).over == 200.0
    assert ledger.close("a", 300.0) is None
