"""One question by HTTP, answered within a time or not at all, however the other side behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.client import HTTPException
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

_MOST_BYTES = 4_000_000


class NoAnswer(RuntimeError):
    """There was none, or none in time."""


@dataclass(frozen=True)
class Answer:
    """A status and what came with it; the names of headers are in small letters."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What is asked of whom."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    # A server of this machine is not behind the machine's proxy.
    by_proxy: bool = True
    # For whoever tells something: a redirect would lose it, and what comes with the status is
    # neither here nor there.
    only_status: bool = False


def ask(question: Question, seconds: float) -> Answer:
    """The answer, whatever its status; raises `NoAnswer` with the reason."""
    answers: SimpleQueue[Answer | NoAnswer] = SimpleQueue()
    # A socket's own time limit begins anew with every byte, and looking up a name has none.
    asking = Thread(target=lambda: answers.put(_ask(question, seconds)), daemon=True)
    asking.start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise _too_late(seconds) from None
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def _ask(question: Question, seconds: float) -> Answer | NoAnswer:
    opener = build_opener(
        *([] if question.by_proxy else [ProxyHandler({})]),
        *([_NotRedirected()] if question.only_status else []),
    )
    most_bytes = 0 if question.only_status else _MOST_BYTES
    try:
        request = Request(  # noqa: S310 - whoever sets the address may set any
            question.url, question.content, dict(question.headers), method=question.method
        )
        with opener.open(request, timeout=seconds) as response:
            return Answer(response.status, response.read(most_bytes), _plain(response.headers))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read(most_bytes), _plain(error.headers))
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", "") or error
        if isinstance(reason, TimeoutError):
            return _too_late(seconds)
        return NoAnswer(str(reason) or type(error).__name__)


def _plain(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _NotRedirected(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A redirect is the answer."""


def _too_late(seconds: float) -> NoAnswer:
    """Whoever of both notices first, the waiting thread or the one that asks."""
    return NoAnswer(f"no whole answer within {seconds:g} s")
