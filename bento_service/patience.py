"""How long one waits for a body that does not come.

One clock looks after all that wait: a timer for each request would cost a tenth of a prediction,
and next to none is ever needed.
"""

from __future__ import annotations

import asyncio
from time import monotonic


class Patience:
    """Ends waiting after so many seconds, give or take a quarter of them."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: dict[asyncio.Task[object], float] = {}
        self._ended: set[asyncio.Task[object]] = set()
        self._clock: asyncio.TimerHandle | None = None

    def begin(self, task: asyncio.Task[object]) -> None:
        """From now on this task waits; `over` has to follow."""
        self._waiting[task] = monotonic()
        if self._clock is None:
            self._clock = task.get_loop().call_later(self.seconds / 4, self._look)

    def over(self, task: asyncio.Task[object]) -> bool:
        """It waits no longer. True if it was cancelled because it had waited too long."""
        self._waiting.pop(task, None)
        if task in self._ended:
            self._ended.discard(task)
            return True
        return False

    def _look(self) -> None:
        latest = monotonic() - self.seconds
        for task in [task for task, since in self._waiting.items() if since <= latest]:
            del self._waiting[task]
            self._ended.add(task)
            task.cancel()
        # It stops when nobody waits, so that a loop at rest is left alone.
        self._clock = None
        if self._waiting:
            loop = next(iter(self._waiting)).get_loop()
            self._clock = loop.call_later(self.seconds / 4, self._look)
