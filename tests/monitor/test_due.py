from datetime import UTC, datetime

from tests.monitor.seen import NOW, a_sensor
from titanic_assets.monitor.due import in_the_code, schedule_due, sensor_due


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def names(*automations, now=NOW):
    return [each.name for each in in_the_code(automations, now)]


def test_a_sensor_is_due_after_its_interval():
    assert sensor_due(NOW, 30) == NOW + 30
    assert sensor_due(None, 30) is None
    assert sensor_due(NOW, None) is None


def test_a_schedule_is_due_at_its_next_time_after_the_last_or_after_it_was_switched_on():
    monday = at("2026-11-16T06:00")
    assert schedule_due("0 6 * * 1", monday, None) == at("2026-11-23T06:00")
    assert schedule_due("0 6 * * 1", monday, at("2026-12-01T12:00")) == at("2026-12-07T06:00")
    assert schedule_due(["0 6 * * *", "30 5 * * *"], monday, None) == at("2026-11-17T05:30")
    assert schedule_due("0 6 * * 1", None, None) is None


def test_what_is_switched_off_is_not_overdue():
    assert a_sensor(last=NOW - 100).overdue(NOW) == 95
    assert a_sensor(last=NOW - 100, on=False).overdue(NOW) == 0
    assert a_sensor(last=NOW - 1).overdue(NOW) == 0


def test_a_sensor_that_was_removed_is_left_out():
    assert names(a_sensor("there"), a_sensor("removed", last=NOW - 400)) == ["there"]
    assert names(a_sensor("there"), a_sensor("late", last=NOW - 200)) == ["late", "there"]


def test_one_that_hangs_is_not_taken_for_a_removed_one():
    hangs = a_sensor("hangs", last=NOW - 4000, status="started")
    assert names(a_sensor("there"), hangs) == ["hangs", "there"]


def test_when_none_ticks_all_are_told():
    assert names(a_sensor("one", last=NOW - 4000), a_sensor("other", last=NOW - 5000)) == [
        "one", "other",
    ]  # fmt: skip
    elsewhere = a_sensor("elsewhere", location="other")
    assert names(elsewhere, a_sensor("one", last=NOW - 4000)) == ["elsewhere", "one"]


def test_a_name_that_moved_to_another_location_is_told_once():
    (kept,) = in_the_code([a_sensor(location="new"), a_sensor(last=NOW - 50)], NOW)
    assert kept.location == "new"
