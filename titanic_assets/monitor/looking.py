"""Looks at things that may take their time, for many who ask, without holding anybody up.

A look is taken in a thread of its own, one at a time, and serves all who ask within some seconds.
Where it takes long, whoever asks gets the last one, and is told that it is old.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from titanic_assets.alerts.wording import without_users

T = TypeVar("T")

GOOD_FOR_SECONDS = 5.0
_PATIENCE_SECONDS = 2.0
_TRUE_FOR_SECONDS = 60.0


@dataclass(frozen=True)
class Look(Generic[T]):
    """The last that was seen, and whether it could be looked at now.

    `value` is None before the first look, `problem` is None when the last one went well.
    """

    value: T | None = None
    at: float | None = None
    seconds: float | None = None
    problem: str | None = None

    def still_true(self, now: float) -> T | None:
        """The value, unless it is so old that it would be told as news."""
        return None if self.at is None or now - self.at > _TRUE_FOR_SECONDS else self.value


class Looking(Generic[T]):
    """Looks by calling `read`."""

    def __init__(
        self, read: Callable[[], T], *, good_for: float = GOOD_FOR_SECONDS,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:  # fmt: skip
        self._read = read
        self._good_for = good_for
        self._patience = patience
        self._look: Look[T] = Look()
        self._ended = -good_for
        self._going_on: Future[None] | None = None
        self._began = 0.0

    async def now(self) -> Look[T]:
        """What there is to see, no older than some seconds if that can be had soon."""
        if self._going_on is None or self._going_on.done():
            if time.monotonic() - self._ended < self._good_for:
                return self._look
            self._began = time.monotonic()
            self._going_on = in_thread(self._take)
        await asyncio.wait([asyncio.wrap_future(self._going_on)], timeout=self._patience)
        if self._going_on.done():
            return self._look
        so_long = time.monotonic() - self._began
        return self._with(f"no answer for {so_long:.0f} s")

    def _take(self) -> None:
        began = time.monotonic()
        try:
            value = self._read()
        except Exception as error:  # noqa: BLE001 - the storage's driver may raise anything
            self._look = self._with(_words(error))
        else:
            self._look = Look(value, time.time(), time.monotonic() - began)
        self._ended = time.monotonic()

    def _with(self, problem: str) -> Look[T]:
        last = self._look
        return Look(last.value, last.at, last.seconds, problem)


def in_thread(work: Callable[[], None]) -> Future[None]:
    """Do it in a thread that does not keep the process from ending."""
    done: Future[None] = Future()
    done.set_running_or_notify_cancel()  # whoever stops waiting for it does not stop it

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is for whoever waits
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=run, daemon=True).start()
    return done


def _words(error: Exception) -> str:
    """The first line of what it says: drivers go on with the statement and more."""
    first = without_users(str(error).strip().partition("\n")[0])[:300]
    return first if " " in first else f"{type(error).__name__} {first}".strip()
