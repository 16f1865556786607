"""Turns: so many in each turn of the loop, in their order, and nothing is left behind."""

import asyncio
import time

import pytest

from bento_service.turns import Turns


def in_turns(count, in_one_turn, given_up=()):
    """Which were let through in which turn of the loop, when all come in the first."""

    async def run():
        turns, let_through, now = Turns(in_one_turn), [], 0

        async def one(number):
            turn = turns.take()
            if turn is not None:
                await turn
            let_through.append((now, number))

        tasks = [asyncio.ensure_future(one(number)) for number in range(count)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            now += 1
            if now == 1:
                for number in given_up:
                    tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return let_through

    return asyncio.run(run())


def test_few_are_let_through_at_once():
    assert in_turns(3, 3) == [(0, 0), (0, 1), (0, 2)]


def test_many_are_let_through_in_their_order_and_no_more_than_so_many_in_a_turn():
    let_through = in_turns(20, 3)
    assert [number for _, number in let_through] == list(range(20))
    turns = [turn for turn, _ in let_through]
    assert max(turns.count(turn) for turn in turns) == 3


def test_no_turn_is_lost_to_those_who_have_left():
    let_through = in_turns(12, 3, given_up=[4, 5, 6, 7, 8])
    assert [number for _, number in let_through] == [0, 1, 2, 3, 9, 10, 11]
    assert len({turn for turn, _ in let_through}) <= 3


def test_all_may_leave():
    assert [number for _, number in in_turns(9, 3, given_up=range(3, 9))] == [0, 1, 2]


def test_who_leaves_when_it_is_its_turn_holds_nobody_up():
    async def run():
        turns = Turns(1)
        *_, first, second = [turns.take() for _ in range(5)]
        # Between its turn and its going on.
        first.add_done_callback(lambda _: waiting.cancel())
        waiting = asyncio.ensure_future(_wait(first))
        await asyncio.wait_for(second, 5)
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(run())


def test_who_comes_later_does_not_overtake():
    async def run():
        turns, let_through = Turns(2), []

        async def one(number):
            turn = turns.take()
            if turn is not None:
                await turn
            let_through.append(number)

        tasks = []
        for number in range(0, 60, 6):  # more come in each turn than can be answered
            tasks += [asyncio.ensure_future(one(number + more)) for more in range(6)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return let_through

    assert asyncio.run(run()) == list(range(60))


def test_the_loop_is_left_alone_when_nobody_is_there():
    async def run():
        turns = Turns(2)
        for _ in range(5):
            turns.take()
        loop = asyncio.get_running_loop()
        # A loop that is left alone sleeps; one that is not takes all the time there is.
        began = time.process_time()
        idle = loop.create_future()
        loop.call_later(0.4, idle.set_result, None)
        await idle
        return time.process_time() - began

    assert asyncio.run(run()) < 0.1


async def _wait(turn):
    await turn
