"""The demo's client: it asks about passengers, and later tells what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from titanic_assets.demo.passengers import Guest

_ANSWER_WITHIN_SECONDS = 30.0


class NotAnswered(RuntimeError):
    """The API refused something that it should not."""


@dataclass(frozen=True)
class Asked:
    """A passenger, what became of him, and what the API said of him."""

    guest: Guest
    request_id: str
    said: bool
    version: str

    @property
    def right(self) -> bool:
        """Whether it came as the API said."""
        return self.said == self.guest.survived


@dataclass(frozen=True)
class Client:
    """Whoever calls the API at this address."""

    url: str

    def ask(self, guests: Iterable[Guest]) -> list[Asked]:
        """A prediction for each, over one connection."""
        with self._connected() as connection:
            return [_ask(connection, guest) for guest in guests]

    def tell(self, asked: Iterable[Asked]) -> None:
        """Say what became of them."""
        with self._connected() as connection:
            for each in asked:
                outcome = {"request_id": each.request_id, "survived": each.guest.survived}
                _call(connection, "POST", "/api/v1/outcomes", outcome)

    def window(self) -> Mapping[str, Any]:
        """The online drift window."""
        return self._get("/api/v1/drift")

    def live_version(self) -> str:
        """The version that answers."""
        return str(self._get("/api/v1/health")["model_version"])

    def _get(self, path: str) -> Mapping[str, Any]:
        with self._connected() as connection:
            return _call(connection, "GET", path)

    @contextmanager
    def _connected(self) -> Iterator[HTTPConnection]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=_ANSWER_WITHIN_SECONDS)
        try:
            yield connection
        finally:
            connection.close()


def share_right(asked: list[Asked]) -> float:
    """How many were told right."""
    return sum(each.right for each in asked) / len(asked)


def _ask(connection: HTTPConnection, guest: Guest) -> Asked:
    answer = _call(connection, "POST", "/api/v1/predict", guest.passenger)
    return Asked(guest, answer["request_id"], answer["survived"], answer["model_version"])


def _call(
    connection: HTTPConnection, method: str, path: str, content: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    connection.request(
        method,
        path,
        None if content is None else json.dumps(content),
        {"Content-Type": "application/json"},
    )
    with connection.getresponse() as response:
        body = response.read()
    if response.status != 200:
        raise NotAnswered(f"{method} {path} answers {response.status}: {body[:500]!r}")
    answer: Mapping[str, Any] = json.loads(body)
    return answer
