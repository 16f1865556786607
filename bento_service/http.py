"""Requests and answers as the routes see them, a thin layer over ASGI that costs little.

A handler takes a `Request` and returns an `Answer` or raises `Refused`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from time import perf_counter
from typing import Any, Protocol
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
CSV = b"text/csv; charset=utf-8"
_NONE: Headers = ()


class Refused(Exception):
    """A request that is not served, with what its caller can do about it."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        field: str | None = None,
        headers: Headers = _NONE,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.field = field
        self.headers = headers

    def detail(self) -> dict[str, str]:
        """What went wrong, without what is known of the request."""
        return _detail(self.kind, self.message, self.field)

    def answer(self, request_id: str) -> Answer:
        """The refusal as it is sent."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        # The text of a request id is checked, so that it needs no escapes.
        detail = _beginning(self.kind, self.message, self.field)
        body = f'{{"error": {detail}, "request_id": "{request_id}", "time": "{now}"}}}}'
        return Answer(body.encode(), status=self.status, headers=self.headers)


def _detail(kind: str, message: str, field: str | None) -> dict[str, str]:
    named = {} if field is None else {"field": field}
    return {"type": kind, "message": message, **named}


@lru_cache(maxsize=64)  # those that are sent by the thousand, when there is no time, are few
def _beginning(kind: str, message: str, field: str | None) -> str:
    """The detail in JSON, but for the bracket at its end."""
    return json.dumps(_detail(kind, message, field))[:-1]


@dataclass(slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: Headers = _NONE


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `key` is what limits count by, what the log names and splits go by."""

    key: str
    scopes: frozenset[str]


NOBODY = Caller("", frozenset())
WITHIN = Caller("this process", frozenset({"predict"}))

# W3C's Trace Context: version, trace, span, flags, and in later versions maybe more.
_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_LONGEST_LENGTH = 18  # digits


Hold = Callable[["Request", int], None]


class Bodies(Protocol):
    """What waits for bodies."""

    def body_of(self, request: Request, limit: int) -> Awaitable[bytes]:
        """The body of a request, or `Refused`."""


class Request:
    """One HTTP request."""

    __slots__ = (
        "_bodies", "began", "caller", "counted", "headers", "held", "method", "path", "receive",
        "request_id", "scope", "trace_id",
    )  # fmt: skip

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        request_id: str,
        *,
        caller: Caller = NOBODY,
        bodies: Bodies | None = None,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.request_id = request_id
        self.caller = caller
        self._bodies = bodies
        self.counted = False  # among those in flight
        self.held = 0  # bytes in memory
        self.trace_id = ""
        self.began = perf_counter()
        self.method: str = scope["method"]
        # Decoded.
        self.path: str = scope["path"]
        # By their names in small letters; of several of one name the last.
        self.headers: dict[bytes, bytes] = dict(scope["headers"])

    @classmethod
    def within(cls, path: str, body: bytes, request_id: str) -> Request:
        """A request that was not sent over HTTP but made in this process."""

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        headers = [(b"content-type", JSON)]
        scope = {"method": "POST", "path": path, "headers": headers, "query_string": b""}
        return cls(scope, receive, request_id, caller=WITHIN)

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        return parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    @property
    def content_type(self) -> bytes:
        """The media type of the body without its parameters."""
        return self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()

    def body(self, limit: int) -> Awaitable[bytes]:
        """The whole body, of at most `limit` bytes; longer ones are refused as soon as seen."""
        announced = self.headers.get(b"content-length", b"")
        if announced.isdigit() and (len(announced) > _LONGEST_LENGTH or int(announced) > limit):
            raise _too_large(limit)
        if self._bodies is None:
            return self.whole_body(limit)
        return self._bodies.body_of(self, limit)

    async def whole_body(self, limit: int, hold: Hold | None = None) -> bytes:
        """The body as it comes; `hold` is told of each piece and may refuse it."""
        message = await self.receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            whole: bytes = message.get("body", b"")  # all there, as it nearly always is
            if len(whole) > limit:
                raise _too_large(limit)
            if hold is not None:
                hold(self, len(whole))
            return whole
        body = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise Refused(400, "disconnected", "The caller left before the body was there.")
            piece = message.get("body", b"")
            if len(body) + len(piece) > limit:
                raise _too_large(limit)
            if hold is not None:
                hold(self, len(piece))
            body += piece
            if not message.get("more_body"):
                return bytes(body)
            message = await self.receive()


def trace_id_of(traceparent: bytes) -> str:
    """The trace that a caller's header names; empty if it is not as it should be."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return ""
    version, trace, span, more = found.groups()
    unfit = version == b"ff" or not trace.strip(b"0") or not span.strip(b"0")
    return "" if unfit or (more and version == b"00") else str(trace, "ascii")


def overloaded() -> Refused:
    """The refusal of what is too much at once."""
    return Refused(
        429,
        "overloaded",
        "Too many requests are being answered at once: try again in a second.",
        headers=((b"retry-after", b"1"),),
    )


def _too_large(limit: int) -> Refused:
    return Refused(413, "too_large", f"A body here has at most {limit:,} bytes.")
