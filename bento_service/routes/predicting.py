"""The routes that answer what would have become of a passenger."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bento_service.explaining import explain, typical_passenger
from bento_service.http import CSV, Answer, Refused, Request
from bento_service.live.models import LoadedModel
from bento_service.predicting import Predictor
from bento_service.reading import PASSENGER_BYTES, Batch, read_batch, read_csv, read_passenger
from bento_service.routes import Route
from bento_service.settings import Settings
from titanic_model.contract import Passenger
from titanic_model.metrics import THRESHOLD

_WORTH_A_THREAD = 100  # rows; below, handing over costs more than the others would wait


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
        return Answer(_prediction(model, probability, request.request_id))

    async def predict_all(self, request: Request) -> Answer:
        """One passenger, by every live model."""
        passenger = await _passenger_of(request)
        answers = self._predictor.every(request, passenger)
        return Answer(
            b'{"predictions":[%b],"request_id":"%b"}'
            % (
                b",".join(_said(model, probability) for model, probability in answers),
                request.request_id.encode(),
            )
        )

    async def explain(self, request: Request) -> Answer:
        """One passenger, and which field moved the answer how far."""
        passenger = await _passenger_of(request)
        model, probability = self._predictor.one(request, passenger, "explain")
        typical = typical_passenger(model.release.reference)
        explanation = explain(passenger, typical, model.scorer.score)
        content = json.loads(_prediction(model, probability, request.request_id))
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
        content: dict[str, Any] = json.loads(_prediction(model, probability, request_id))
        return content

    async def batch_predict(self, request: Request) -> Answer:
        """Many passengers, as JSON or as a passenger list."""
        kind = content_type_of(request)
        if kind not in (b"application/json", b"text/csv"):
            raise _wrong_type("application/json or text/csv")
        body = await request.body(self._most_bytes)
        wants_csv = b"text/csv" in request.headers.get(b"accept", b"")
        if body.count(b"\n" if kind == b"text/csv" else b"{") < _WORTH_A_THREAD:
            return self._answer_batch(request, kind, body, wants_csv=wants_csv)
        async with self._one_batch:
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
        scores: list[float] = []
        if passengers:
            model, probabilities = self._predictor.many(request, passengers, rows)
            scores = probabilities.tolist()
        else:
            model = self._predictor.model_for(request)
        told = dict(zip(rows, scores, strict=True))
        if wants_csv:
            return Answer(_as_csv(batch, told), content_type=CSV)
        return Answer(_as_json(request.request_id, model, batch, told))


def content_type_of(request: Request) -> bytes:
    """The media type of the body without its parameters."""
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


def require_json(request: Request) -> None:
    """Refuse a body that does not call itself JSON."""
    if content_type_of(request) != b"application/json":
        raise _wrong_type("application/json")


async def _passenger_of(request: Request) -> Passenger:
    require_json(request)
    return read_passenger(await request.body(PASSENGER_BYTES))


def _wrong_type(right: str) -> Refused:
    return Refused(
        415, "unsupported_media_type", f"Send the body as {right}, and say so in Content-Type."
    )


def _said(model: LoadedModel, probability: float) -> bytes:
    return b'{"survived":%b,"probability":%.6f,"model_version":"%b","variant":"%b"}' % (
        b"true" if probability >= THRESHOLD else b"false",
        probability,
        model.version.encode(),
        model.variant.encode(),
    )


def _prediction(model: LoadedModel, probability: float, request_id: str) -> bytes:
    # The text of a request id is checked, so that it needs no escapes.
    return b'%b,"request_id":"%b"}' % (_said(model, probability)[:-1], request_id.encode())


def _as_json(request_id: str, model: LoadedModel, batch: Batch, told: dict[int, float]) -> bytes:
    behind = f',"model_version":"{model.version}","variant":"{model.variant}"'
    before = f',"request_id":"{request_id}.'
    rows = []
    for row, content in enumerate(batch.rows):
        if isinstance(content, Refused):
            rows.append(json.dumps({"error": content.detail()}))
            continue
        probability = told[row]
        survived = "true" if probability >= THRESHOLD else "false"
        rows.append(
            f'{{"survived":{survived},"probability":{probability:.6f}{behind}{before}{row}"}}'
        )
    ignored = f',"ignored_columns":{json.dumps(batch.ignored_columns)}'
    return (
        f'{{"predictions":[{",".join(rows)}]{behind},"request_id":"{request_id}"'
        f"{ignored if batch.ignored_columns else ''}}}"
    ).encode()


def _as_csv(batch: Batch, told: dict[int, float]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("row", "survived", "probability", "error"))
    for row, content in enumerate(batch.rows):
        if isinstance(content, Refused):
            lines.writerow((row, "", "", content.message))
        else:
            lines.writerow((row, int(told[row] >= THRESHOLD), f"{told[row]:.6f}", ""))
    return text.getvalue().encode()
