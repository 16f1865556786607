"""Who is answered next: a few requests in each turn of the event loop, in their order.

Answering takes no waiting, so without this all that have arrived would be answered before the loop
looks for others. Those would wait unseen in their sockets, and however many they were, none would
be refused.
"""

from __future__ import annotations

import asyncio
from collections import deque

# More, and refusals come later; fewer, and under overload there is time for little but refusals.
IN_ONE_TURN = 32


class Turns:
    """Lets requests through, so many in each turn of the loop."""

    def __init__(self, in_one_turn: int = IN_ONE_TURN) -> None:
        self._most = in_one_turn
        self._let_through = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._announced = False

    def take(self) -> asyncio.Future[None] | None:
        """What to await until it is one's turn; None if it is now, as long as few are there."""
        loop = asyncio.get_running_loop()
        if not self._announced:
            self._announced = True
            loop.call_soon(self._next_turn)
        # As long as anybody waits, all of a turn are let through: nobody can overtake.
        if self._let_through < self._most:
            self._let_through += 1
            return None
        turn = loop.create_future()
        self._waiting.append(turn)
        return turn

    def _next_turn(self) -> None:
        self._let_through = 0
        while self._waiting and self._let_through < self._most:
            turn = self._waiting.popleft()
            if not turn.done():  # its request may have been given up
                turn.set_result(None)
                self._let_through += 1
        self._announced = self._let_through > 0
        if self._announced:
            asyncio.get_running_loop().call_soon(self._next_turn)
