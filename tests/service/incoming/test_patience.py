"""Patience: it ends after a while, and whoever keeps too many waiting pays for it alone."""

import asyncio

import pytest

from bento_service.patience import Patience


async def kept_waiting(patience, caller):
    """Wait for what never comes; returns that patience was over."""
    task = asyncio.current_task()
    patience.begin(task, caller)
    try:
        await asyncio.Future()
    except asyncio.CancelledError:
        if not patience.over(task):
            raise
        task.uncancel()
        return "ended"
    finally:
        patience.over(task)


def waiting(patience, *callers):
    return [asyncio.ensure_future(kept_waiting(patience, caller)) for caller in callers]


async def let_all_begin():
    for _ in range(3):
        await asyncio.sleep(0)


async def give_up(tasks):
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_all_are_ended_in_the_end_and_none_is_left():
    async def run():
        patience = Patience(0.1)
        ended = await asyncio.wait_for(asyncio.gather(*waiting(patience, *"abc")), 5)
        return ended, len(patience)

    assert asyncio.run(run()) == (["ended"] * 3, 0)


def test_when_too_many_wait_the_busiest_caller_gives_up_its_longest_half():
    async def run():
        patience = Patience(60, most=8)
        others = waiting(patience, "other", "another")
        busy = waiting(patience, *["busy"] * 6)
        await let_all_begin()
        assert len(patience) == 8
        one_more = waiting(patience, "third")
        await let_all_begin()
        done = [task.done() for task in (*others, *busy, *one_more)]
        await give_up([*others, *busy, *one_more])
        return done, len(patience)

    expected = [False, False, True, True, True, False, False, False, False]
    assert asyncio.run(run()) == (expected, 0)


def test_never_do_more_wait_than_may():
    async def run():
        patience = Patience(60, most=8)
        tasks = waiting(patience, *[f"caller-{number % 3}" for number in range(100)])
        await let_all_begin()
        assert len(patience) <= 8
        # Of those who came last nobody had to go.
        assert not any(task.done() for task in tasks[-3:])
        outcomes = await give_up(tasks)
        return [outcome for outcome in outcomes if outcome != "ended"], len(patience)

    left, waiting_still = asyncio.run(run())
    assert 0 < len(left) <= 8
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in left)
    assert waiting_still == 0


def test_who_is_ended_by_somebody_else_is_not_taken_for_late():
    async def run():
        patience = Patience(60)
        [task] = waiting(patience, "caller")
        await let_all_begin()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(patience)

    assert asyncio.run(run()) == 0
