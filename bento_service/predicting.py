"""From passengers to answers: who answers whom, and what is noted of it.

Every way in (one, many, all models, explained, by id) comes through here, so that each prediction
is counted, watched for drift, remembered for its outcome and logged alike.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bento_service.drift import DriftWindow
from bento_service.guard.callers import sticky_key
from bento_service.http import Refused, Request
from bento_service.live.follower import Follower
from bento_service.live.models import Live, LoadedModel, columns_of
from bento_service.metrics import Metrics
from bento_service.prediction_log.encoding import batch_lines, prediction_line
from bento_service.prediction_log.log import PredictionLog
from bento_service.recent import RecentPredictions
from bento_service.settings import ChallengerMode
from titanic_model.contract import Passenger
from titanic_model.events import Way
from titanic_model.features import derive_columns
from titanic_model.metrics import THRESHOLD


@dataclass(frozen=True)
class Predictor:
    """Scores passengers with the live models and takes note of each answer."""

    follower: Follower
    drift: DriftWindow
    recent: RecentPredictions
    metrics: Metrics
    log: PredictionLog
    challenger_mode: ChallengerMode
    challenger_share: float

    @property
    def live(self) -> Live:
        """The live models; before the first is loaded there is no answer."""
        live = self.follower.live
        if live is None:
            raise Refused(
                503,
                "no_release",
                "No model has been released to this service yet; /api/v1/model says what it saw.",
                headers=((b"retry-after", b"5"),),
            )
        return live

    def model_for(self, request: Request) -> LoadedModel:
        """The model that answers this caller; the same one every time."""
        live = self.live
        if self.challenger_mode == "split" and live.challenger is not None:
            # The share of all keys below a mark is the share of callers.
            mark = self.challenger_share * 2**32
            if crc32(sticky_key(request.caller, request.headers).encode()) < mark:
                return live.challenger
        return live.champion

    def one(self, request: Request, passenger: Passenger, way: Way) -> tuple[LoadedModel, float]:
        """Score one passenger; returns who answered and the probability of survival."""
        model = self.model_for(request)
        probability = model.score_one(passenger)
        self._note(request, passenger, way, model, probability)
        shadow = self._shadow_of(model)
        if shadow is not None:
            other = shadow.score_one(passenger)
            self._note(request, passenger, way, shadow, other, served=False)
        return model, probability

    def every(self, request: Request, passenger: Passenger) -> list[tuple[LoadedModel, float]]:
        """Score one passenger with all live models."""
        answers = [(model, model.score_one(passenger)) for model in self.live.models]
        for model, probability in answers:
            self._note(request, passenger, "predict_all", model, probability)
        return answers

    def by_vector(
        self,
        request: Request,
        passenger: Passenger,
        vector: NDArray[np.float32],
        passenger_id: int,
        request_id: str,
    ) -> tuple[LoadedModel, float]:
        """Score the features of a passenger who was looked up."""
        model = self.model_for(request)
        known: Any = {"passenger_id": passenger_id, "request_id": request_id}
        probability = float(model.scorer.score(vector[None])[0])
        self._note(request, passenger, "passenger", model, probability, **known)
        shadow = self._shadow_of(model)
        if shadow is not None:
            other = float(shadow.scorer.score(vector[None])[0])
            self._note(request, passenger, "passenger", shadow, other, served=False, **known)
        return model, probability

    def many(
        self, request: Request, passengers: Sequence[Passenger], rows: Sequence[int]
    ) -> tuple[LoadedModel, NDArray[np.float32]]:
        """Score a batch. `rows` are the passengers' places in it, by which they are remembered."""
        model = self.model_for(request)
        matrix = derive_columns(columns_of(passengers))
        probabilities = model.scorer.score(matrix)
        self._note_many(request, passengers, rows, model, probabilities)
        shadow = self._shadow_of(model)
        if shadow is not None:
            other = shadow.scorer.score(matrix)
            self._note_many(request, passengers, rows, shadow, other, served=False)
        return model, probabilities

    def look_at_drift(self) -> None:
        """Compare the window with the reference and count what has begun to drift."""
        window = self.drift.window()
        if window is not None:
            self.metrics.show_drift(window)
            for name in self.drift.newly_drifted(window):
                self.metrics.drift_detected.labels(name).inc()

    def _shadow_of(self, answering: LoadedModel) -> LoadedModel | None:
        """The model that scores along without anybody seeing it."""
        if self.challenger_mode != "shadow" or self.live.challenger is answering:
            return None
        return self.live.challenger

    def _note(
        self,
        request: Request,
        passenger: Passenger,
        way: Way,
        model: LoadedModel,
        probability: float,
        *,
        served: bool = True,
        passenger_id: int | None = None,
        request_id: str | None = None,
    ) -> None:
        survived = probability >= THRESHOLD
        request_id = request_id or request.request_id
        self.metrics.count_answer(model, survived, probability)
        if model.variant == "champion" and self.drift.add(passenger, probability):
            self.look_at_drift()
        if served:
            self.recent.remember(request_id, survived)
        if not self.log.off:
            self.log.record(
                prediction_line(
                    time=time.time(), request_id=request_id, trace_id=request.trace_id,
                    caller=request.caller.key, way=way, passenger_id=passenger_id,
                    passenger=passenger, variant=model.variant, model_version=model.version,
                    probability=probability, survived=survived, served=served,
                    latency_ms=(perf_counter() - request.began) * 1000,
                ),
                1,
            )  # fmt: skip

    def _note_many(
        self,
        request: Request,
        passengers: Sequence[Passenger],
        rows: Sequence[int],
        model: LoadedModel,
        probabilities: NDArray[np.float32],
        *,
        served: bool = True,
    ) -> None:
        survived = probabilities >= THRESHOLD
        self.metrics.count_answers(model, survived, probabilities)
        scores = probabilities.tolist()
        if model.variant == "champion" and self.drift.add_many(passengers, scores):
            self.look_at_drift()
        if served:
            self.recent.remember_many(request.request_id, np.asarray(rows), survived)
        if not self.log.off:
            self.log.record(
                batch_lines(
                    time=time.time(), request_id=request.request_id, trace_id=request.trace_id,
                    caller=request.caller.key, way="batch_predict",
                    answers=zip(rows, passengers, scores, survived.tolist(), strict=True),
                    variant=model.variant, model_version=model.version, served=served,
                    latency_ms=(perf_counter() - request.began) * 1000,
                ),
                len(rows),
            )  # fmt: skip
