import asyncio
import threading

from titanic_assets.monitor.looking import Looking


class Source:
    """What is looked at: it answers once it may, or fails."""

    def __init__(self):
        self.may = threading.Event()
        self.may.set()
        self.read, self.problem = 0, None

    def __call__(self):
        self.may.wait(10)
        if self.problem:
            raise self.problem
        self.read += 1
        return self.read


def test_all_who_ask_at_once_share_one_look_and_so_do_those_soon_after():
    source = Source()

    async def ask():
        looking = Looking(source)
        together = await asyncio.gather(*(looking.now() for _ in range(20)))
        return [*together, await looking.now()]

    assert {look.value for look in asyncio.run(ask())} == {1}


def test_who_asks_later_gets_a_new_look():
    async def ask():
        looking = Looking(Source(), good_for=0)
        return [(await looking.now()).value for _ in range(3)]

    assert asyncio.run(ask()) == [1, 2, 3]


def test_nobody_waits_for_a_source_that_hangs():
    source = Source()

    async def ask():
        looking = Looking(source, good_for=0, patience=0.05)
        await looking.now()
        source.may.clear()
        hanging = [await looking.now() for _ in range(3)]
        source.may.set()
        return hanging, [await looking.now() for _ in range(2)][-1]

    hanging, then = asyncio.run(ask())
    assert {(look.value, look.problem) for look in hanging} == {(1, "no answer for 0 s")}
    assert (then.problem, then.value >= 2) == (None, True)


def test_a_failed_look_keeps_the_last_value_and_says_why():
    source = Source()

    async def ask():
        looking = Looking(source, good_for=0)
        await looking.now()
        source.problem = RuntimeError("database is locked\n[SQL: SELECT everything]")
        return await looking.now()

    look = asyncio.run(ask())
    assert (look.value, look.problem) == (1, "database is locked")
    assert look.still_true(look.at + 59) == 1
    assert look.still_true(look.at + 61) is None
