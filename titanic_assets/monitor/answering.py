"""Answers as programs read them, and what browsers are told about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import JSONResponse

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_FOR_PROGRAMS = {
    **ALWAYS,
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def answer(content: object, status: int = 200) -> JSONResponse:
    """Something as JSON."""
    from starlette.responses import JSONResponse

    return JSONResponse(content, status, headers=_FOR_PROGRAMS)


def refusal(
    status: int,
    kind: str,
    message: str,
    *,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """What is wrong with a question, in the form that the service's errors have."""
    error = {"type": kind, "message": message, "time": as_text(datetime.now(UTC).timestamp())}
    if field:
        error["field"] = field
    response = answer({"error": error}, status)
    response.headers.update(headers or {})
    return response


def as_text(at: float | None) -> str | None:
    """A moment as programs and people read it: 2026-11-21T20:10:50Z."""
    if at is None:
        return None
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
