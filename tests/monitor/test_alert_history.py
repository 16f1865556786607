import pytest

from tests.monitor.seen import NOW, a_record
from titanic_assets.alerts.alert import Alert
from titanic_assets.alerts.ledger import AlertLedger, LedgerContents
from titanic_assets.monitor.alert_history import (
    BadQuestion,
    LedgerReader,
    history,
    read_question,
    status,
)

RECORDS = (
    a_record("1", raised=NOW - 300, state="given_up"),
    a_record("2", raised=NOW - 200, kind="rollback", state="pending"),
    a_record("3", raised=NOW - 100, state="sent"),
)


def asked(**parameters):
    told = history(LedgerContents(RECORDS), read_question(parameters.items()))
    return [alert["id"] for alert in told["alerts"]], told["found"]


def test_the_newest_come_first_up_to_the_limit():
    assert asked() == (["3", "2", "1"], 3)
    assert asked(limit="2") == (["3", "2"], 3)


def test_those_of_a_kind_a_state_or_a_time_are_found():
    assert asked(kind="drift") == (["3", "1"], 2)
    assert asked(kind="drift", state="sent") == (["3"], 1)
    assert asked(kind="test") == ([], 0)
    assert asked(since=str(NOW - 200)) == (["3", "2"], 2)


def test_a_moment_can_be_written_in_all_ways_that_are_told():
    expected = 1_800_000_000.0
    for text in (
        "1800000000", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00.000Z",
        "2027-01-15T08:00:00", "2027-01-15T09:00:00+01:00", "2027-01-15T09:00:00 01:00",
    ):  # fmt: skip
        assert read_question([("since", text)]).since == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "1001"), ("limit", "-1"), ("limit", ""), ("limit", "1e2"),
        ("limit", "٣"), ("limit", "9" * 5000), ("kind", "other"), ("kind", ""),
        ("state", "open"), ("since", "yesterday"), ("since", "nan"), ("since", "1e300"),
        ("since", "inf"), ("since", ""), ("until", "1"), ("x" * 5000, "1"),
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name_and_briefly(name, value):
    with pytest.raises(BadQuestion) as refused:
        read_question([(name, value)])
    assert refused.value.field == name[:60]
    assert len(str(refused.value)) < 200


def test_a_parameter_given_twice_is_refused():
    with pytest.raises(BadQuestion, match="twice"):
        read_question([("limit", "1"), ("limit", "2")])


def test_the_status_says_what_waits_and_why():
    waits = a_record("4", raised=NOW, state="pending")
    told = status(LedgerContents((*RECORDS, waits), unreadable=2), webhook=True)
    assert told["states"] == {"sent": 1, "pending": 2, "not_configured": 0, "given_up": 1}
    assert told["oldest_pending"] == "2027-01-15T07:56:40.000Z"
    assert (told["last"]["id"], told["unreadable_lines"], told["webhook"]) == ("4", 2, "set")
    assert status(LedgerContents(()), webhook=False)["last"] is None


def test_the_ledger_is_read_again_when_it_has_changed(tmp_path):
    ledger = AlertLedger(tmp_path / "alerts.jsonl")
    reader = LedgerReader(ledger.path)
    assert reader.read() == (LedgerContents(()), {})
    for key in ("one", "other"):
        alert = Alert("drift", key, "Drift", "Older passengers.")
        ledger.enter(alert, NOW, repeat_seconds=60, configured=True)
        contents, counts = reader.read()
        assert contents.records[-1].alert.key == key
        assert reader.read()[0] is contents
    assert counts == {("drift", "warning"): 2}
