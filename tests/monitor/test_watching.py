from dataclasses import replace

import pytest

from tests.monitor.seen import NOW, a_health, silent_for
from titanic_assets.monitor.health import Daemon
from titanic_assets.monitor.watching import State, begin, decide, silence

AWAKE = State(awake_since=NOW - 1000, looked=NOW - 10, readable=NOW - 10, alive=True)
ALIVE = a_health(daemons=(Daemon("sensor", NOW + 4000),))


def done(*spans, state=AWAKE):
    """What is done when, looking every ten seconds; a span is (until, health, problem)."""
    found, now = [], 0
    for until, health, problem in spans:
        for now in range(now, until, 10):  # noqa: B020 - goes on where the last span ended
            step = decide(state, health, problem, NOW + now)
            state = step.state
            found += [(now, step.do)] if step.do else []
        now += 10
    return found


@pytest.mark.parametrize(("seconds", "stopped"), [(59, False), (89, False), (91, True)])
def test_a_part_that_misses_a_sign_of_life_is_given_the_next(seconds, stopped):
    assert bool(silence(silent_for(seconds), NOW)) is stopped


@pytest.mark.parametrize(("seconds", "stopped"), [(91, False), (149, False), (151, True)])
def test_the_scheduler_sleeps_for_a_minute_at_a_time(seconds, stopped):
    assert bool(silence(silent_for(seconds, "scheduler"), NOW)) is stopped


def test_the_words_name_the_parts_and_how_long():
    parts = (Daemon("sensor", NOW - 300), Daemon("asset", NOW - 1))
    assert silence(a_health(daemons=parts), NOW) == (
        "sensor has given no sign of life for 5 minutes"
    )
    assert silence(silent_for(100), NOW) == "all of it has given no sign of life for 100 seconds"
    assert "since this home was made" in silence(a_health(daemons=(Daemon("a", None),)), NOW)


def test_it_is_told_once_and_then_every_hour_until_it_is_over():
    assert done((4000, silent_for(1000), None), (4100, ALIVE, None)) == [
        (0, "raise"), (3600, "raise"), (4000, "close"),
    ]  # fmt: skip


def test_what_an_earlier_monitor_told_is_over_at_the_first_look():
    assert done((50, ALIVE, None), state=replace(AWAKE, alive=False)) == [(0, "close")]


def test_who_has_just_come_waits_for_a_sign_of_life():
    assert done((200, silent_for(100_000), None), state=begin(NOW)) == [(90, "raise")]


def test_after_a_sleep_of_the_machine_the_daemon_has_its_time_too():
    before = replace(AWAKE, looked=NOW - 8000)
    assert done((200, silent_for(7990), None), state=before) == [(90, "raise")]


def test_what_cannot_be_read_for_long_is_told_and_a_short_while_is_not():
    locked = (None, "database is locked")
    assert done((280, *locked), (400, ALIVE, None)) == []
    assert done((900, *locked)) == [(290, "raise")]


def test_the_words_say_that_nobody_can_tell():
    step = decide(replace(AWAKE, readable=NOW - 300), None, "no answer", NOW)
    assert step.why == "whether it lives cannot be told for 5 minutes, as no answer"
