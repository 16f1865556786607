"""Predictions by passenger id, and how the store is that they come from.

Which model scores, what is logged and what is counted is for `score` to see to.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bento_service.guard.callers import asked_for
from bento_service.http import Answer, Refused, Request
from bento_service.online_features import OnlineFeatures, Vector
from bento_service.routes import Route
from titanic_model.contract import Passenger
from titanic_model.online import passenger_of

_ONE = "/api/v1/passengers/"
MAX_IDS = 100
MAX_ID = 2**63 - 1
_SHOWN_CHARACTERS = 32

# Of a passenger, by features and id, the prediction as it is shown; the text is its request id.
Score = Callable[[Request, Passenger, Vector, int, str], dict[str, Any]]
Verdict = dict[str, Any] | Refused


class PassengerRoutes:
    """GET /api/v1/passengers/{id}, /api/v1/passengers?ids=... and /api/v1/features/status."""

    def __init__(
        self,
        features: OnlineFeatures | None,
        score: Score,
        count_refused: Callable[[Iterable[Verdict]], None],
    ) -> None:
        self._features = features
        self._score = score
        self._count_refused = count_refused

    def routes(self) -> list[Route]:
        """The routes of this theme."""
        return [
            Route("/api/v1/passengers", {"GET": self.several}),
            Route(_ONE, {"GET": self.one}, is_prefix=True),
            Route("/api/v1/features/status", {"GET": self.status}),
        ]

    async def one(self, request: Request) -> Answer:
        """The prediction for the passenger whose id ends the path."""
        features = self._required()
        number = _read_id(request.path.removeprefix(_ONE), "passenger_id")
        verdicts = await self._verdicts(request, features, {number: request.request_id})
        verdict = verdicts[number]
        if isinstance(verdict, Refused):
            raise verdict
        return _json({"passenger_id": number, **verdict})

    async def several(self, request: Request) -> Answer:
        """The predictions for all of `ids`, in their order; an error instead where there is none.

        A passenger asked for twice is predicted once and shown twice.
        """
        features = self._required()
        asked = [_read(text) for text in _texts(request)]
        request_ids: dict[int, str] = {}
        for row, each in enumerate(asked):
            if isinstance(each, int):
                request_ids.setdefault(each, f"{request.request_id}.{row}")
        verdicts = await self._verdicts(request, features, request_ids)
        answers = [(each, verdicts[each]) if isinstance(each, int) else each for each in asked]
        self._count_refused(verdict for _, verdict in answers)
        return _json(
            {
                "predictions": [_shown(each, verdict) for each, verdict in answers],
                "request_id": request.request_id,
            }
        )

    async def status(self, _request: Request) -> Answer:
        """How the feature store is."""
        return _json(dataclasses.asdict(await self._required().status()))

    def _required(self) -> OnlineFeatures:
        if self._features is None:
            raise Refused(
                503,
                "features_unavailable",
                "No feature store is configured here: set FEATURES_URL to Feast's feature server.",
            )
        return self._features

    async def _verdicts(
        self, request: Request, features: OnlineFeatures, request_ids: Mapping[int, str]
    ) -> dict[int, Verdict]:
        """What to answer for each of these passengers; the predictions go by the request ids."""
        asked_for(request.headers)  # or it is refused, whoever is known
        if not request_ids:
            return {}
        vectors = await features.lookup(list(request_ids))
        return {
            number: self._verdict(request, number, request_id, vector)
            for (number, request_id), vector in zip(request_ids.items(), vectors, strict=True)
        }

    def _verdict(
        self, request: Request, number: int, request_id: str, vector: Vector | None
    ) -> Verdict:
        if vector is None:
            return _unknown(number)
        try:
            passenger = passenger_of(vector)
        except ValueError:
            return _damaged(number)
        return self._score(request, passenger, vector, number, request_id)


def _texts(request: Request) -> list[str]:
    texts = [
        text.strip()
        for value in request.query.get("ids", [])
        for text in value.split(",", MAX_IDS)
        if value
    ]
    if not texts:
        raise Refused(422, "invalid_input", "Name the passengers: ?ids=1,2,3", field="ids")
    if len(texts) > MAX_IDS:
        raise Refused(422, "invalid_input", f"At most {MAX_IDS} ids at a time.", field="ids")
    return texts


def _read(text: str) -> int | tuple[str, Refused]:
    try:
        return _read_id(text, "ids")
    except Refused as refused:
        return text[:_SHOWN_CHARACTERS], refused


def _read_id(text: str, field: str) -> int:
    # So many digits and no more are a number in no time.
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)):
        number = int(text)
        if 1 <= number <= MAX_ID:
            return number
    raise Refused(
        422,
        "invalid_input",
        f"{text[:_SHOWN_CHARACTERS]!r} is no passenger's id; ids are whole numbers from 1 to "
        f"{MAX_ID}.",
        field=field,
    )


def _unknown(number: int) -> Refused:
    return Refused(404, "unknown_passenger", f"No passenger is known by the id {number}.")


def _damaged(number: int) -> Refused:
    return Refused(
        503,
        "features_unavailable",
        f"What the feature store has of passenger {number} cannot be a passenger; a run of "
        "online_features writes it anew.",
    )


def _shown(number: int | str, verdict: Verdict) -> dict[str, Any]:
    if isinstance(verdict, Refused):
        return {"passenger_id": number, "error": verdict.detail()}
    return {"passenger_id": number, **verdict}


def _json(content: dict[str, Any]) -> Answer:
    return Answer(json.dumps(content).encode())
