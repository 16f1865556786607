"""Which message is next: pure decisions on records."""

import pytest

from tests.alerts.alerts import a_record
from titanic_assets.alerts.ledger import LedgerContents
from titanic_assets.alerts.planning import expired, next_message, pause
from titanic_assets.alerts.webhook import judge_answer, wait_of
from titanic_assets.tracking.asking import Answer

NOW = 1_800_000_000.0


def planned(*records, messages=(), quiet_until=0.0, first=None):
    contents = LedgerContents(records, messages, quiet_until)
    return next_message(contents, NOW, history="http://localhost:8010/alerts", first=first)


def test_nothing_pending_is_nothing_to_say():
    assert planned() is None
    assert planned(a_record(state="sent"), a_record("2", state="not_configured")) is None


def test_what_is_critical_comes_first_and_then_the_oldest():
    old, new = a_record("old", raised=NOW - 60), a_record("new", raised=NOW)
    critical = a_record("critical", raised=NOW, severity="critical")

    assert planned(new, old).ids == ("old",)
    assert planned(new, old, critical).ids == ("critical",)
    assert planned(new, old, critical, first="new").ids == ("new",)


def test_what_has_just_failed_waits():
    waiting = a_record("waiting", again_at=NOW + 1)

    assert planned(waiting) is None
    assert planned(waiting, a_record("other")).ids == ("other",)
    assert planned(a_record("waiting", again_at=NOW)).ids == ("waiting",)


def test_nobody_is_told_anything_while_there_is_to_be_silence():
    assert planned(a_record(severity="critical"), quiet_until=NOW + 1) is None


def test_the_last_places_of_an_hour_are_for_what_is_critical():
    messages = [NOW - 3599] * 15

    assert planned(a_record(), messages=messages) is None
    assert planned(a_record(severity="critical"), messages=messages).ids == ("1",)
    assert planned(a_record(severity="critical"), messages=messages * 2) is None
    assert planned(a_record(), messages=[NOW - 3600] * 15).ids == ("1",)


def test_more_alerts_than_places_are_told_together():
    records = [a_record(str(number), raised=NOW - 600) for number in range(40)]

    message = planned(*records)

    assert len(message.ids) == 40
    assert message.text.startswith("40 alerts, told together:\n[warning] alert 0 (since ")
    assert "and 25 more\nAll: http://localhost:8010/alerts" in message.text
    assert "too many" not in message.text
    assert "too many" in planned(*records, messages=[NOW] * 14).text


def test_the_same_told_again_can_be_told_by_its_id():
    one, other = a_record("1"), a_record("2")
    together = [NOW] * 14

    assert planned(one).message_id == planned(one).message_id != planned(other).message_id
    assert planned(one, other, messages=together).message_id != planned(one).message_id


def test_tries_become_ever_more_seldom_but_not_rarer_than_every_ten_minutes():
    assert [pause(attempts) for attempts in (1, 2, 3, 5, 6, 300)] == [30, 60, 120, 480, 600, 600]


def test_what_is_pending_for_a_day_is_given_up():
    day = 24 * 3600.0
    contents = LedgerContents(
        (
            a_record("old", raised=NOW - day),
            a_record("young", raised=NOW - day + 1),
            a_record("sent", raised=NOW - day, state="sent"),
        )
    )
    assert [record.id for record in expired(contents, NOW)] == ["old"]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("30", 30),
        ("0", 1),
        ("-5", 1),
        ("86400", 3600),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120),
        ("Thu, 14 Jan 2027 08:02:00 GMT", 1),
        ("soon", 60),
        ("nan", 60),
        ("", 60),
    ],
)
def test_the_rest_that_is_asked_for_is_granted_within_bounds(asked, seconds):
    assert wait_of(asked, NOW) == seconds


def test_one_that_is_overloaded_may_ask_for_rest_too():
    assert judge_answer(Answer(503, b"", {"retry-after": "7"}), NOW).silence == 7
    assert judge_answer(Answer(503, b""), NOW).silence is None
