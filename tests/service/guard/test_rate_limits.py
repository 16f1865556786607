import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from bento_service.guard.rate_limits import RateLimits
from bento_service.http import Refused
from bento_service.settings import Settings, WrongSetting
from tests.service.guard.asking import SECRET, wait_until

CHECKOUT = Path(__file__).parents[3]


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limits(tmp_path, clock):
    """Limits of workers that share a folder."""
    made = []

    def make(**settings):
        made.append(RateLimits(Settings(**settings), tmp_path, clock))
        return made[-1]

    yield make
    for each in made:
        asyncio.run(each.close())


def answered(limits, times, key="caller"):
    count = 0
    for _ in range(times):
        try:
            limits.hit(key)
        except Refused:
            continue
        count += 1
    return count


def test_a_request_too_many_is_refused_with_when_to_come_back(limits, clock):
    guard = limits(rate_limit="3/minute")
    assert answered(guard, 3) == 3

    clock.now += 19.5
    with pytest.raises(Refused) as refused:
        guard.hit("caller")

    assert (refused.value.status, refused.value.kind) == (429, "too_many_requests")
    assert refused.value.message == (
        "At most 3 requests per minute are answered for each caller. Try again in 41 s."
    )
    assert dict(refused.value.headers) == {
        b"retry-after": b"41",
        b"x-ratelimit-limit": b"3",
        b"x-ratelimit-remaining": b"0",
        b"x-ratelimit-reset": b"1800000060",
    }


def test_answers_say_how_many_requests_are_left(limits):
    guard = limits(rate_limit="3/minute")
    guard.hit("caller")

    assert dict(guard.hit("caller")) == {
        b"x-ratelimit-limit": b"3",
        b"x-ratelimit-remaining": b"1",
        b"x-ratelimit-reset": b"1800000060",
    }


def test_the_window_renews(limits, clock):
    guard = limits(rate_limit="3/minute")
    assert answered(guard, 5) == 3
    clock.now += 59.9
    assert answered(guard, 1) == 0

    clock.now += 0.1
    assert answered(guard, 5) == 3


def test_a_clock_that_is_set_back_locks_nobody_out(limits, clock):
    guard = limits(rate_limit="3/minute")
    assert answered(guard, 5) == 3

    clock.now -= 3600
    assert answered(guard, 5) == 3


def test_callers_are_counted_apart(limits):
    guard = limits(rate_limit="3/minute")

    assert answered(guard, 5, "one") == 3
    assert answered(guard, 5, "another") == 3


def test_several_limits_hold_together(limits, clock):
    guard = limits(rate_limit="6/minute;4 per 1 second")
    assert answered(guard, 10) == 4

    clock.now += 1
    assert answered(guard, 10) == 2  # the six refusals of the first second do not count
    clock.now += 1
    assert answered(guard, 10) == 0


def test_the_headers_tell_of_the_limit_that_is_nearest(limits):
    guard = limits(rate_limit="600/minute;4/second")

    assert dict(guard.hit("caller"))[b"x-ratelimit-limit"] == b"4"


def test_without_a_key_nothing_is_limited(limits):
    assert limits().hit("caller") == ()


def test_once_tokens_are_asked_for_the_limit_is_600_a_minute(limits):
    assert answered(limits(jwt_secret=SECRET), 601) == 600


def test_the_limit_can_be_switched_off(limits):
    assert answered(limits(jwt_secret=SECRET, rate_limit="None"), 700) == 700


@pytest.mark.parametrize("written", ["many", "600", "600/fortnight", "0/minute", "-1/minute", ";"])
def test_a_limit_that_is_none_is_refused_at_the_start(limits, written):
    with pytest.raises(WrongSetting, match=r"RATE_LIMIT=.*600/minute"):
        limits(rate_limit=written)


def test_workers_in_one_process_count_together(limits):
    one, another = limits(rate_limit="10/minute"), limits(rate_limit="10/minute")

    assert answered(one, 7) + answered(another, 7) == 10


def start_worker(folder, limit, times):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.service.guard.hitting", folder, limit, str(times)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_count_together_to_the_request(tmp_path):
    workers = [start_worker(tmp_path, "1000/hour", 400) for _ in range(3)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()

    told = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert sum(int(count) for count, _ in told) == 1000
    assert {apart for _, apart in told} == {"False"}


def left_after_one_more(guard):
    return int(dict(guard.hit("caller"))[b"x-ratelimit-remaining"])


def test_a_worker_that_is_killed_leaves_its_count_and_no_lock(tmp_path):
    worker = start_worker(tmp_path, "1000000/hour", 1_000_000)
    worker.stdout.readline()
    worker.stdin.write("go\n")
    worker.stdin.flush()
    guard = RateLimits(Settings(rate_limit="1000000/hour"), tmp_path)
    wait_until(lambda: left_after_one_more(guard) < 999_000)

    worker.kill()
    worker.communicate()
    left = left_after_one_more(guard)
    assert left < 999_000
    assert left_after_one_more(guard) == left - 1
    assert not guard.counted_apart
    asyncio.run(guard.close())


def test_where_the_shared_counts_cannot_be_made_each_worker_counts(tmp_path, clock, caplog):
    guard = RateLimits(Settings(rate_limit="3/minute"), tmp_path / "gone", clock)

    assert answered(guard, 5) == 3
    assert guard.counted_apart
    assert len(caplog.records) == 1
    asyncio.run(guard.close())


HOLDER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_worker_that_is_stopped_while_it_counts_stops_no_other(tmp_path, limits, clock, caplog):
    guard = limits(rate_limit="3/minute")
    assert answered(guard, 2) == 2
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "rate-limits"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    holder.stdout.readline()

    assert answered(guard, 5) == 3
    assert guard.counted_apart
    assert len(caplog.records) == 1

    holder.kill()
    holder.communicate()
    clock.now += 2
    assert answered(guard, 5) == 1  # the shared count goes on where it was
    assert not guard.counted_apart
