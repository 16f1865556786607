"""The running service, as whoever makes a release live asks it: by HTTP, like any client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from titanic_assets.tracking.asking import Answer, NoAnswer, Question, ask

_ANSWER_WITHIN_SECONDS = 3
# Each on a connection of its own, so that with several workers each of them is likely asked.
_TIMES_ASKED = 6
_SHOWN = 500
_ASKS_WHO_YOU_ARE = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Unreachable(RuntimeError):
    """The service does not answer, or not as it would."""


class Refused(Unreachable):
    """The service answers this to callers with a token only."""


@dataclass(frozen=True)
class Service:
    """The service at an address such as `http://127.0.0.1:8000`."""

    url: str

    def versions(self) -> set[str | None]:
        """The model versions that its workers answer with; None of one that waits for a release."""
        found: set[str | None] = set()
        for _ in range(_TIMES_ASKED):
            found.add(
                self._ask("/api/v1/health", also=HTTPStatus.SERVICE_UNAVAILABLE)["model_version"]
            )
        return found

    def state(self) -> dict[str, Any]:
        """What is live in it, and what it refused and why."""
        return self._ask("/api/v1/model")

    def is_ready(self) -> bool:
        """Whether it would answer."""
        try:
            return self._answer("/readyz").status == HTTPStatus.OK
        except NoAnswer:
            return False

    def probability(self, passenger: Mapping[str, Any]) -> float:
        """What it says of a passenger."""
        answer = self._ask("/api/v1/predict", json.dumps(passenger).encode())
        try:
            return float(answer["probability"])
        except (KeyError, TypeError, ValueError):
            raise Unreachable(f"{self.url} predicts {answer}") from None

    def _ask(self, path: str, body: bytes | None = None, also: int | None = None) -> dict[str, Any]:
        """The JSON at that path."""
        try:
            found = self._answer(path, body)
            if found.status in _ASKS_WHO_YOU_ARE:
                raise Refused(f"{self.url}{path} wants a token")
            if found.status not in (HTTPStatus.OK, also):
                said = found.content[:_SHOWN].decode(errors="replace")
                raise Unreachable(f"{self.url}{path} answers status {found.status}: {said}")
            answer = json.loads(found.content)
        except NoAnswer as error:
            raise Unreachable(str(error)) from None
        except ValueError:
            raise Unreachable(f"{self.url}{path} answers what is not JSON") from None
        if not isinstance(answer, dict) or (also and "model_version" not in answer):
            raise Unreachable(f"{self.url}{path} answers as another service would")
        return answer

    def _answer(self, path: str, body: bytes | None = None) -> Answer:
        """What is said to that, on a new connection each time, past the machine's proxy."""
        question = Question(
            "GET" if body is None else "POST",
            f"{self.url}{path}",
            {"Content-Type": "application/json"},
            body,
            by_proxy=False,
        )
        return ask(question, _ANSWER_WITHIN_SECONDS)
