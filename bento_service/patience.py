"""How long one waits for the other side of a connection, and for how many at once.

One clock looks after all that wait: a timer for each request would cost a tenth of a prediction,
and next to none is ever needed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from time import monotonic

_MOST = 512  # more than come to wait where nobody means harm


class Patience:
    """Ends waiting after so many seconds, give or take a quarter of them.

    When too many wait, the caller for whom most do has to give up half of them, the longest first.
    So whoever keeps many waiting does it at no cost but their own.
    """

    def __init__(self, seconds: float, most: int = _MOST) -> None:
        self.seconds = seconds
        self._most = most
        self._waiting: dict[asyncio.Task[object], tuple[float, str]] = {}  # the longest first
        self._ended: set[asyncio.Task[object]] = set()
        self._clock: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def begin(self, task: asyncio.Task[object], caller: str) -> None:
        """From now on this task waits for that caller; `over` has to follow."""
        waiting = self._waiting
        if len(waiting) >= self._most:
            self._make_room()
        waiting[task] = (monotonic(), caller)
        if self._clock is None:
            self._clock = task.get_loop().call_later(self.seconds / 4, self._look)

    def over(self, task: asyncio.Task[object]) -> bool:
        """It waits no longer. True if it was cancelled because it had waited too long."""
        self._waiting.pop(task, None)
        if task in self._ended:
            self._ended.discard(task)
            return True
        return False

    def _make_room(self) -> None:
        [(busiest, count)] = Counter(caller for _, caller in self._waiting.values()).most_common(1)
        theirs = [task for task, (_, caller) in self._waiting.items() if caller == busiest]
        self._end(theirs[: (count + 1) // 2])

    def _look(self) -> None:
        latest = monotonic() - self.seconds
        self._end([task for task, (since, _) in self._waiting.items() if since <= latest])
        # It stops when nobody waits, so that a loop at rest is left alone.
        self._clock = None
        if self._waiting:
            loop = next(iter(self._waiting)).get_loop()
            self._clock = loop.call_later(self.seconds / 4, self._look)

    def _end(self, tasks: list[asyncio.Task[object]]) -> None:
        for task in tasks:
            del self._waiting[task]
            self._ended.add(task)
            task.cancel()
