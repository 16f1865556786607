"""What the service answers, by path and method; each module is one theme."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bento_service.guard.headers import API_HEADERS
from bento_service.http import Answer, Headers, Request

Handler = Callable[[Request], Awaitable[Answer]]
Scope = Literal["predict", "admin"]


@dataclass(frozen=True)
class Route:
    """One path. `scope` is what a caller's token has to allow; None is open to everybody."""

    path: str
    handlers: Mapping[str, Handler]
    scope: Scope | None = "predict"
    # Where the path goes on: /passengers/17 is answered by the route /passengers/.
    is_prefix: bool = False
    headers: Headers = API_HEADERS
