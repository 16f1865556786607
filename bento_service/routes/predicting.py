"""The routes that answer what would have become of a passenger."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bento_service.explaining import explain, typical_passenger
from bento_service.http import CSV, Answer, Refused, Request
from bento_service.passenger_lists import read_csv
from bento_service.predicting import Predictor
from bento_service.reading import PASSENGER_BYTES, read_batch, read_passenger
from bento_service.routes import Route
from bento_service.settings import Settings
from bento_service.writing import as_csv, as_json, prediction, prefers_csv, said
from titanic_model.contract import Passenger

_AT_ONCE_BYTES = 4 * 1024  # of a batch; a longer one would let all others wait for too long


class PredictingRoutes:
    """One passenger, many, by all models, and explained."""

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        self._most_bytes = settings.max_body_bytes
        self._most_rows = settings.max_batch_rows
        # Long batches take turns: side by side they would be no quicker and need more memory.
        self._one_batch = asyncio.Semaphore(1)

    def routes(self) -> list[Route]:
        """The routes of this theme."""
        return [
            Route("/api/v1/predict", {"POST": self.predict}),
            Route("/api/v1/batch_predict", {"POST": self.batch_predict}),
            Route("/api/v1/predict_all", {"POST": self.predict_all}),
            Route("/api/v1/explain", {"POST": self.explain}),
        ]

    async def predict(self, request: Request) -> Answer:
        """One passenger."""
        passenger = await _passenger_of(request)
        model, probability = self._predictor.one(request, passenger, "predict")
        return Answer(prediction(model, probability, request.request_id))

    async def predict_all(self, request: Request) -> Answer:
        """One passenger, by every live model."""
        passenger = await _passenger_of(request)
        answers = self._predictor.every(request, passenger)
        return Answer(
            b'{"predictions":[%b],"request_id":"%b"}'
            % (
                b",".join(said(model, probability) for model, probability in answers),
                request.request_id.encode(),
            )
        )

    async def explain(self, request: Request) -> Answer:
        """One passenger, and which field moved the answer how far."""
        passenger = await _passenger_of(request)
        model, probability = self._predictor.one(request, passenger, "explain")
        typical = typical_passenger(model.release.reference)
        explanation = explain(passenger, typical, model.score)
        content = json.loads(prediction(model, probability, request.request_id))
        return Answer(json.dumps({**content, "explanation": explanation.content()}).encode())

    def score_known(
        self,
        request: Request,
        passenger: Passenger,
        vector: NDArray[np.float32],
        passenger_id: int,
        request_id: str,
    ) -> dict[str, Any]:
        """A passenger who was looked up."""
        model, probability = self._predictor.by_vector(
            request, passenger, vector, passenger_id, request_id
        )
        content: dict[str, Any] = json.loads(prediction(model, probability, request_id))
        return content

    async def batch_predict(self, request: Request) -> Answer:
        """Many passengers, as JSON or as a passenger list."""
        kind = request.content_type
        if kind not in (b"application/json", b"text/csv"):
            raise _wrong_type("application/json or text/csv")
        wants_csv = prefers_csv(request.headers.get(b"accept", b""))
        body = await request.body(self._most_bytes)
        if len(body) <= _AT_ONCE_BYTES:
            return self._answer_batch(request, kind, body, wants_csv=wants_csv)
        async with self._one_batch:
            with _nothing_collected():
                return await asyncio.to_thread(
                    self._answer_batch, request, kind, body, wants_csv=wants_csv
                )

    def _answer_batch(
        self, request: Request, kind: bytes, body: bytes, *, wants_csv: bool
    ) -> Answer:
        read = read_csv if kind == b"text/csv" else read_batch
        batch = read(body, self._most_rows)
        rows = [row for row, content in enumerate(batch.rows) if isinstance(content, Passenger)]
        passengers: list[Any] = [batch.rows[row] for row in rows]
        if len(rows) < len(batch.rows):
            self._predictor.metrics.count_refused_rows(batch.rows)
        scores: list[float] = []
        if passengers:
            model, probabilities = self._predictor.many(request, passengers, rows)
            scores = probabilities.tolist()
        else:
            model = self._predictor.model_for(request)
        told = dict(zip(rows, scores, strict=True))
        if wants_csv:
            return Answer(as_csv(batch, told), content_type=CSV)
        return Answer(as_json(request.request_id, model, batch, told))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """While there is a batch, whose many objects are no garbage however often one looks."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def require_json(request: Request) -> None:
    """Refuse a body that does not call itself JSON."""
    if request.content_type != b"application/json":
        raise _wrong_type("application/json")


async def _passenger_of(request: Request) -> Passenger:
    require_json(request)
    return read_passenger(await request.body(PASSENGER_BYTES))


def _wrong_type(right: str) -> Refused:
    return Refused(
        415, "unsupported_media_type", f"Send the body as {right}, and say so in Content-Type."
    )
