"""Requests and answers as the routes see them, a thin layer over ASGI that costs little.

A handler takes a `Request` and returns an `Answer` or raises `Refused`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter
from typing import Any
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
        named = {} if self.field is None else {"field": self.field}
        return {"type": self.kind, "message": self.message, **named}

    def answer(self, request_id: str) -> Answer:
        """The refusal as it is sent."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        content = {"error": {**self.detail(), "request_id": request_id, "time": now}}
        return Answer(json.dumps(content).encode(), status=self.status, headers=self.headers)


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


@dataclass
class Request:
    """One HTTP request."""

    scope: Scope
    receive: Receive
    request_id: str
    body_within_seconds: float = 30.0
    caller: Caller = NOBODY
    trace_id: str = ""
    began: float = field(default_factory=perf_counter)

    @classmethod
    def within(cls, path: str, body: bytes, request_id: str) -> Request:
        """A request that was not sent over HTTP but made in this process."""

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        headers = [(b"content-type", JSON)]
        scope = {"method": "POST", "path": path, "headers": headers, "query_string": b""}
        return cls(scope, receive, request_id, caller=WITHIN)

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.scope["path"])

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        return str(self.scope["method"])

    @cached_property
    def headers(self) -> dict[bytes, bytes]:
        """The headers by their names in small letters; of several of one name the last."""
        return dict(self.scope["headers"])

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        return parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    async def body(self, limit: int) -> bytes:
        """The whole body, of at most `limit` bytes; longer ones are refused as soon as seen."""
        announced = self.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        message = await self.receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")  # all there, as it nearly always is
            if len(body) > limit:
                raise _too_large(limit)
            return body
        try:
            async with asyncio.timeout(self.body_within_seconds):
                return await self._rest_of_body(message, limit)
        except TimeoutError:
            raise Refused(
                408,
                "too_slow",
                f"The body did not arrive within {self.body_within_seconds:g} s.",
            ) from None

    async def _rest_of_body(self, message: MutableMapping[str, Any], limit: int) -> bytes:
        parts, length = [], 0
        while True:
            if message["type"] == "http.disconnect":
                raise Refused(400, "disconnected", "The caller left before the body was there.")
            part = message.get("body", b"")
            length += len(part)
            if length > limit:
                raise _too_large(limit)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self.receive()


def _too_large(limit: int) -> Refused:
    return Refused(413, "too_large", f"A body here has at most {limit:,} bytes.")
