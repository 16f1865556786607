"""Which requests are answered now: those that are there as a whole, up to so many, in turn.

Who is waited for, be it for a body or for an answer to be read, takes nobody else's place.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from bento_service.http import Answer, Refused, Request, Send, overloaded
from bento_service.patience import Patience
from bento_service.room import Room
from bento_service.settings import Settings
from bento_service.turns import IN_ONE_TURN, Turns

SMALL_BYTES = 16 * 1024  # what is longer is a batch, or the answer to one
_PIECE_BYTES = 64 * 1024  # the server begins to wait when so much has not been read
_BODIES_AT_ONCE = 8  # of the largest size; further batches are refused until there is room


@dataclass(frozen=True)
class WithinSeconds:
    """How long callers may take."""

    small_body: float = 5.0
    large_body: float = 30.0
    answer: float = 30.0


class Worker(Protocol):
    """What is known of the worker: `in_flight` counts all, those that are waited for too."""

    in_flight: int
    most_in_flight: int


class Admission:
    """Lets requests in, waits for their bodies, and sends their answers."""

    def __init__(self, worker: Worker, settings: Settings, within: WithinSeconds) -> None:
        self._worker = worker
        self._small = Patience(within.small_body)
        self._large = Patience(within.large_body)
        self._answers = Patience(within.answer)
        self._open_answers = Patience(within.answer)  # of routes for everybody: not in flight
        self._turns = Turns(min(IN_ONE_TURN, settings.max_concurrency))
        self._room = Room(_BODIES_AT_ONCE * settings.max_body_bytes)

    def require_place(self) -> None:
        """Refuse a request when too many are being answered."""
        waited_for = len(self._small) + len(self._large) + len(self._answers)
        if self._worker.in_flight - waited_for > self._worker.most_in_flight:
            raise overloaded()

    async def wait_for_turn(self) -> None:
        """Have a request that is there as a whole wait until it may be answered."""
        self.require_place()
        turn = self._turns.take()
        if turn is not None:
            await turn

    async def body_of(self, request: Request, limit: int) -> bytes:
        """The body of a request that is going to be answered as soon as it is there."""
        is_small = limit <= SMALL_BYTES
        patience = self._small if is_small else self._large
        task: Any = asyncio.current_task()
        patience.begin(task, request.caller.key)
        try:
            body = await request.whole_body(limit, None if is_small else self._room.take)
        except asyncio.CancelledError:
            if not patience.over(task):
                raise
            task.uncancel()
            raise Refused(
                408,
                "too_slow",
                f"The body did not arrive in time: within {patience.seconds:g} s, or sooner where "
                "many are waited for.",
                headers=((b"connection", b"close"),),
            ) from None
        finally:
            patience.over(task)
        # Again, as `wait_for_turn` does: a call would cost more than it saves.
        self.require_place()
        turn = self._turns.take()
        if turn is not None:
            await turn
        return body

    async def send(
        self, request: Request, answer: Answer, headers: list[tuple[bytes, bytes]], send: Send
    ) -> bool:
        """Send an answer; False if it was given up because its caller does not read it."""
        body = b"" if request.method == "HEAD" else answer.body
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        task: Any = asyncio.current_task()
        patience = self._answers if request.counted else self._open_answers
        patience.begin(task, request.caller.key)
        try:
            await send(start)
            if len(body) <= _PIECE_BYTES:
                await send({"type": "http.response.body", "body": body})
            else:
                if request.counted:  # what is open to everybody is there once for all
                    self._room.change(request, len(body))
                await _send_in_pieces(body, send)
        except asyncio.CancelledError:
            if not patience.over(task):
                raise
            task.uncancel()
            await _hang_up(send)
            return False
        finally:
            patience.over(task)
        return True

    def leave(self, request: Request) -> None:
        """Give back what a request has held."""
        if request.held:
            self._room.change(request, 0)


async def _send_in_pieces(body: bytes, send: Send) -> None:
    """Send it as it is read. The server takes any piece, but waits before it takes the next."""
    for begin in range(0, len(body), _PIECE_BYTES):
        piece = body[begin : begin + _PIECE_BYTES]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _hang_up(send: Send) -> None:
    """End the connection. Left to itself uvicorn would wait until all is read, maybe for ever."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        with suppress(RuntimeError):  # it may have ended
            transport.abort()
        await asyncio.sleep(0)  # let the server hear of it, or it complains of half an answer
