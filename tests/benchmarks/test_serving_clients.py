"""The clients of the serving benchmarks count what happened, and do not wait for a slow server."""

import asyncio
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.fixed_rate import Answers, offer
from benchmarks.hot_swap import look_at
from benchmarks.open_loop import FAILED, NEVER_SENT, due_times
from benchmarks.processes import BenchmarkFailed
from benchmarks.serving_load import normal_again_after

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"model_version":"7"}'
BUSY = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"


@contextmanager
def answering(answer, tmp_path):
    """A server: `answer(number of the request)` gives its bytes, or None to hang up."""
    asked = iter(range(1_000_000))

    async def talk(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.startswith(b"Content-Length")
                )
                await reader.readexactly(length)
                said = await answer(next(asked))
                if said is None:
                    break
                writer.write(said)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(talk, "127.0.0.1", 0, backlog=1000))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    (tmp_path / "bodies").write_text('{"pclass": 3}\n{"pclass": 1}\n')
    try:
        yield SimpleNamespace(
            port=server.sockets[0].getsockname()[1],
            folder=tmp_path,
            server=SimpleNamespace(path="/predict"),
        )
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def end(server):
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def answers_at(*moments, status=200, version=1, took=0.001):
    """Answers that were due at these moments."""
    due = np.array(moments, dtype=float)
    same = np.ones(len(due))
    return Answers(due, due, due + took, same * status, same * version)


def joined(*parts):
    return Answers(*(np.concatenate(each) for each in zip(*(vars(p).values() for p in parts))))  # noqa: B905


def test_requests_are_due_at_the_rate_of_each_phase():
    assert due_times([(2, 1), (4, 0.5)]).tolist() == [0, 0.5, 1.0, 1.25]


def test_every_request_is_sent_and_its_answer_noted(tmp_path):
    async def answer(number):
        return BUSY if number % 4 == 3 else OK

    with answering(answer, tmp_path) as server:
        answers = offer(server, tmp_path / "bodies", [(200, 0.5), (400, 0.25)])

    assert answers.count == 200
    assert answers.served.count == 150
    assert (answers.refused, answers.failed, answers.not_served) == (50, 0, 50)
    assert set(answers.served.version) == {7}
    assert answers.due[-1] - answers.due[0] == pytest.approx(0.7475)
    assert (answers.sent >= answers.due).all()
    assert 0 < answers.milliseconds(50) < float("inf")


def test_a_server_that_stalls_is_not_spared_what_was_due_meanwhile(tmp_path):
    async def answer(number):
        if number == 20:
            import time

            time.sleep(0.5)  # noqa: ASYNC251 - nothing else is answered: that is the point
        return OK

    with answering(answer, tmp_path) as server:
        answers = offer(server, tmp_path / "bodies", [(200, 1.0)])

    slow = (answers.done - answers.due) > 0.1
    assert slow.sum() >= 70  # those of 0.4 s, and not the one alone that met the stall
    assert answers.served.count == 200


def test_a_connection_that_is_hung_up_fails_one_request_and_is_replaced(tmp_path):
    async def answer(number):
        return None if number == 10 else OK

    with answering(answer, tmp_path) as server:
        answers = offer(server, tmp_path / "bodies", [(200, 0.5)])

    assert (answers.failed, answers.served.count) == (1, 99)
    assert answers.milliseconds(100) == float("inf")


def test_a_request_that_finds_no_connection_in_time_is_never_sent(tmp_path):
    async def answer(_):
        await asyncio.sleep(0.6)
        return OK

    with answering(answer, tmp_path) as server:
        answers = offer(server, tmp_path / "bodies", [(2000, 0.5)], patience=0.02)

    assert answers.served.count == 512  # as many as there are connections
    assert (answers.never_sent, answers.failed) == (488, 0)
    assert answers.milliseconds(99) == float("inf")
    assert 600 <= answers.milliseconds_once_sent(50) < float("inf")


def test_a_client_that_fails_gives_no_figures(tmp_path):
    nobody = SimpleNamespace(port=1, folder=tmp_path, server=SimpleNamespace(path="/predict"))
    (tmp_path / "bodies").write_text("{}\n")
    with pytest.raises(BenchmarkFailed, match="ConnectionRefusedError"):
        offer(nobody, tmp_path / "bodies", [(10, 0.1)])


def test_latency_of_what_was_not_answered_is_without_end():
    answers = joined(
        answers_at(1, 2), answers_at(3, status=FAILED), answers_at(4, status=NEVER_SENT)
    )
    assert answers.milliseconds(50) == float("inf")
    assert answers.between(0, 2.5).milliseconds(99) == pytest.approx(1)
    assert (answers.failed, answers.never_sent, answers.not_served) == (1, 1, 2)


def test_normal_again_is_when_the_answers_are_quick_and_none_is_refused():
    end = 10.0
    after = joined(
        answers_at(*np.arange(10.0, 10.3, 0.01), took=0.2),
        answers_at(*np.arange(10.3, 10.5, 0.01), status=429),
        answers_at(*np.arange(10.5, 12.0, 0.01)),
    )
    assert normal_again_after(after, end) == pytest.approx(0.5, abs=0.06)
    never = answers_at(*np.arange(10.0, 12.0, 0.01), took=0.2)
    assert normal_again_after(never, end) == float("inf")


def test_the_second_of_a_swap_is_told_from_the_others():
    before = answers_at(*np.arange(0, 4.5, 0.01))
    loading = answers_at(*np.arange(4.5, 5.0, 0.01), took=0.004)
    new = answers_at(*np.arange(5.0, 10, 0.01), version=2)
    swaps = look_at(joined(before, loading, new), written=[4.6])

    assert swaps.seconds == [pytest.approx(0.401, abs=0.01)]
    assert swaps.during == [pytest.approx(4)]
    assert swaps.usual
    assert swaps.usual == [pytest.approx(1)] * len(swaps.usual)


def test_a_swap_that_did_not_happen_is_told():
    with pytest.raises(BenchmarkFailed, match="no answer by version 2"):
        look_at(answers_at(1, 2, 3), written=[1.5])
