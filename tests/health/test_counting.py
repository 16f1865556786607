"""Requests before and after are told apart, through restarts and while workers change over."""

from datetime import UTC, datetime

import pytest

from titanic_assets.releasing.health.chance import Latency
from titanic_assets.releasing.health.counting import Counted, Requests, counted
from titanic_assets.releasing.health.served import Served
from titanic_assets.releasing.health.watching import Memory, Pair, Watch, newest_pair
from titanic_assets.tracking.ledger import PromotionEvent

PAIR = Pair("event", promoted_at=100.0, version=4, digest="d4", before=3, digest_before="d3")

UNFIT = (
    "version 4 was found unfit, and rollback_job was started for it. Where that failed, launch it "
    "again"
)


def served(requests, failed=0, champion="3"):
    return Served(requests, failed, frozenset(champion.split()))


def remembered(*looks, pair=PAIR):
    """What is remembered after looks of ten seconds' distance."""
    memory = Memory()
    for number, look in enumerate(looks):
        memory = memory.look(look, pair, 100.0 + 10 * number)
    return memory


def test_requests_are_counted_from_look_to_look():
    so_far = None
    for now, look in enumerate((served(1000, 5), served(1010, 5), served(1100, 7))):
        so_far = counted(so_far, look, float(now))

    assert so_far.lately == Requests(100, 2)
    assert so_far.ever == Requests(1100, 7)


def test_counters_that_go_back_are_a_restart_and_what_was_in_between_is_not_known():
    so_far = None
    for now, look in enumerate((served(1000), served(1100), served(30, 30), served(50, 30))):
        so_far = counted(so_far, look, float(now))

    assert so_far.lately == Requests(120, 0)


def test_only_the_last_half_hour_counts_and_takes_little_room():
    so_far = None
    for look in range(1000):
        so_far = counted(so_far, served(look), 10.0 * look)

    assert 175 <= so_far.lately.total <= 185
    assert len(so_far.pieces) <= 31


def test_the_watch_begins_when_the_new_release_answers_alone():
    before = remembered(served(100), served(200, 1), served(250, 1, champion="3 4"))
    after = remembered(served(100), served(200, 1), served(300, 9, champion="4"))

    assert before.watch is None
    assert after.watch == Watch("event", 120.0, requests_before=Requests(100, 1))
    assert after.counted.lately == Requests()


def test_what_failed_while_it_changed_over_is_put_down_to_neither():
    memory = remembered(served(100), served(200), served(300, 50, "4"), served(400, 51, "4"))

    assert memory.watch.requests_before == Requests(100)
    assert memory.counted.lately == Requests(100, 1)


def test_a_restart_of_the_service_under_watch_counts_nothing_against_it():
    memory = remembered(
        served(900), served(1000), served(1010, 0, "4"), served(1020, 0, "4"),
        served(5, 5, ""), served(40, 40, ""), served(60, 40, "4"), served(100, 40, "4"),
    )  # fmt: skip

    assert memory.watch.requests_before == Requests(100)
    assert memory.counted.lately == Requests(70, 0)


def test_what_another_release_answers_meanwhile_counts_neither():
    memory = remembered(served(0), served(10, 0, "4"), served(90, 80, "3"), served(100, 80, "4"))

    assert memory.counted.lately == Requests(10, 0)


def test_without_earlier_looks_all_that_the_service_ever_counted_was_before():
    assert remembered(served(500, 7, "4")).watch.requests_before == Requests(500, 7)


def test_a_later_promotion_is_watched_anew_beside_what_came_before_it():
    first = remembered(served(0), served(10, 0, "4"), served(200, 3, "4"))
    later = Pair("later", 200.0, version=5, digest="d5", before=4, digest_before="d4")
    second = first.look(served(300, 3, "4"), later, 200.0).look(served(310, 3, "5"), later, 210.0)

    assert second.watch == Watch("later", 210.0, requests_before=Requests(290, 3))


def test_memory_outlives_its_being_stored_and_is_forgotten_when_it_was_edited():
    latency = Latency(200, 1.5, 1.2)
    memory = Memory(
        Counted(5.0, 10, 1, ((0.0, 4, 1), (3.0, 2, 0))),
        Watch("event", 3.0, Requests(10, 1), latency, withdrawn=True),
    )

    assert Memory.from_text(memory.to_text()) == memory
    assert Memory.from_text(Memory().to_text()) == Memory()
    for edited in (None, "", "rubbish", "[]", '{"counted": {"at": 1}, "watch": null}', "{}"):
        assert Memory.from_text(edited) == Memory()


@pytest.mark.parametrize(
    ("memory", "minutes_later", "reason"),
    [
        (Memory(), 29, ""),
        (Memory(), 31, "version 4 has not been seen live for 30 minutes; nothing is watched now"),
        (Memory(watch=Watch("event", 400.0, Requests())), 31, ""),
        (
            Memory(watch=Watch("event", 400.0, Requests())),
            36,
            "version 4 was watched for 30 minutes; nothing is watched now",
        ),
        (Memory(watch=Watch("another", 400.0, Requests(), withdrawn=True)), 1, ""),
        (
            Memory(watch=Watch("event", 400.0, Requests(), withdrawn=True)),
            6,
            UNFIT,
        ),
    ],
)
def test_a_release_is_watched_for_a_while_from_when_it_is_live(memory, minutes_later, reason):
    assert memory.why_over(PAIR, 100.0 + 60 * minutes_later, 30) == reason


def an_event(number, to, kind="promotion", *, alias="champion", since=None):
    return PromotionEvent(
        event_id=str(number),
        when=datetime.fromtimestamp(number, UTC),
        who="somebody",
        alias=alias,
        from_version=since,
        to_version=to,
        why="because",
        digest=f"d{to}",
        dagster_run_id=None,
        kind=kind,
    )


def test_the_newest_champion_is_watched_beside_the_one_before_however_it_came():
    for kind in ("promotion", "by_hand"):
        events = [an_event(1, 3), an_event(2, 9, alias="challenger"), an_event(3, 4, kind, since=3)]

        assert newest_pair(events) == Pair("3", 3.0, 4, "d4", 3, "d3")


def test_there_is_nothing_to_watch_without_a_champion_before_or_after_a_rollback():
    assert newest_pair([]) is None
    assert newest_pair([an_event(1, 3)]) is None
    back = [an_event(1, 2), an_event(2, 3, since=2), an_event(3, 4, since=3)]
    assert newest_pair([*back, an_event(4, 3, "rollback", since=4)]) is None


def test_a_champion_after_a_rollback_is_watched_beside_the_one_that_is_not_withdrawn():
    events = [
        an_event(1, 3), an_event(2, 4, since=3), an_event(3, 3, "rollback", since=4),
        an_event(4, 5, since=3),
    ]  # fmt: skip

    assert newest_pair(events) == Pair("4", 4.0, 5, "d5", 3, "d3")
