"""The routes that answer what would have become of a passenger."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bento_service.explaining import explain, typical_passenger
from bento_service.http import CSV, Answer, Refused, Request, overloaded
from bento_service.live.models import LoadedModel
from bento_service.passenger_lists import read_csv
from bento_service.predicting import Predictor
from bento_service.reading import PASSENGER_BYTES, Batch, read_batch, read_passenger
from bento_service.routes import Route
from bento_service.settings import Settings
from titanic_model.contract import Passenger
from titanic_model.metrics import THRESHOLD

_AT_ONCE_BYTES = 4 * 1024  # of a batch; a longer one would let all others wait for too long
_BODIES_AT_ONCE = 8  # of the largest size; further batches are refused until there is room


class PredictingRoutes:
    """One passenger, many, by all models, and explained."""

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        self._most_bytes = settings.max_body_bytes
        self._most_rows = settings.max_batch_rows
        # Long batches take turns: side by side they would be no quicker and need more memory.
        self._one_batch = asyncio.Semaphore(1)
        self._held_bytes = 0

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
        kind = request.content_type
        if kind not in (b"application/json", b"text/csv"):
            raise _wrong_type("application/json or text/csv")
        wants_csv = prefers_csv(request.headers.get(b"accept", b""))
        with self._room_for(request):
            body = await request.body(self._most_bytes)
            if len(body) <= _AT_ONCE_BYTES:
                return self._answer_batch(request, kind, body, wants_csv=wants_csv)
            async with self._one_batch:
                return await asyncio.to_thread(
                    self._answer_batch, request, kind, body, wants_csv=wants_csv
                )

    @contextmanager
    def _room_for(self, request: Request) -> Iterator[None]:
        """Count the body among those that are held in memory, all of which must not be too much."""
        size = min(request.announced(self._most_bytes), self._most_bytes)
        if self._held_bytes + size > _BODIES_AT_ONCE * self._most_bytes:
            raise overloaded()
        self._held_bytes += size
        try:
            yield
        finally:
            self._held_bytes -= size

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


def prefers_csv(accept: bytes) -> bool:
    """Whether a header Accept has CSV before JSON, in which the answer is where both may be."""
    if b"text/csv" not in accept:
        return False
    weights = {}
    for part in accept.decode("latin-1").lower().split(","):
        media, *parameters = [piece.strip() for piece in part.split(";")]
        weights[media] = next((_weight(each[2:]) for each in parameters if each[:2] == "q="), 1.0)
    json_weight = max(weights.get(media, 0.0) for media in ("application/json", "application/*"))
    return weights.get("text/csv", 0.0) > json_weight


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


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
