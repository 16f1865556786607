"""From passengers to answers: who answers whom, and what is noted of it.

Every way in (one, many, all models, explained, by id) comes through here, so that each prediction
is counted, watched for drift, remembered for its outcome and logged alike.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from weakref import WeakSet
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bento_service.drift import DriftWindow
from bento_service.guard.callers import asked_for
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
from titanic_model.features import derive_columns, derive_row
from titanic_model.metrics import THRESHOLD

_log = logging.getLogger("bento_service.predicting")


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
    failed_in_shadow: WeakSet[LoadedModel] = field(default_factory=WeakSet)

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
        return self._answering(self.live, request, asked_for(request.headers))

    def one(self, request: Request, passenger: Passenger, way: Way) -> tuple[LoadedModel, float]:
        """Score one passenger; returns who answered and the probability of survival."""
        return self._score(request, passenger, derive_row(passenger.__dict__), way)

    def by_vector(
        self,
        request: Request,
        passenger: Passenger,
        vector: NDArray[np.float32],
        passenger_id: int,
        request_id: str,
    ) -> tuple[LoadedModel, float]:
        """Score the features of a passenger who was looked up."""
        return self._score(request, passenger, vector, "passenger", passenger_id, request_id)

    def every(self, request: Request, passenger: Passenger) -> list[tuple[LoadedModel, float]]:
        """Score one passenger with all live models; its outcome will be the champion's."""
        on_behalf_of = asked_for(request.headers)
        vector = derive_row(passenger.__dict__)
        answers = [(model, model.score_one(vector)) for model in self.live.models]
        for model, probability in answers:
            self._note(
                request, on_behalf_of, passenger, "predict_all", model, probability, None,
                request.request_id,
            )  # fmt: skip
        champion, probability = answers[0]
        self.drift.add(champion.release.reference, request.began, passenger, probability)
        self.recent.remember(request.caller.key, request.request_id, probability)
        return answers

    def many(
        self, request: Request, passengers: Sequence[Passenger], rows: Sequence[int]
    ) -> tuple[LoadedModel, NDArray[np.float64]]:
        """Score a batch. `rows` are the passengers' places in it, by which they are remembered."""
        live, on_behalf_of = self.live, asked_for(request.headers)
        model = self._answering(live, request, on_behalf_of)
        matrix = derive_columns(columns_of(passengers))
        probabilities = model.score(matrix)
        self._note_many(request, on_behalf_of, passengers, rows, model, probabilities)
        self.drift.add_many(
            live.champion.release.reference,
            request.began,
            passengers,
            probabilities.tolist() if model is live.champion else [None] * len(passengers),
        )
        self.recent.remember_many(
            request.caller.key, request.request_id, np.asarray(rows), probabilities
        )
        if self.challenger_mode == "shadow" and live.challenger is not None:
            with self._unseen(live.challenger) as shadow:
                scores = shadow.score(matrix)
                self._note_many(
                    request, on_behalf_of, passengers, rows, shadow, scores, served=False
                )
        return model, probabilities

    def look_at_drift(self) -> None:
        """Compare the window with the reference and count what has begun to drift."""
        window = self.drift.window()
        if window is not None:
            self.metrics.show_drift(window)
            for name in self.drift.newly_drifted(window):
                self.metrics.drift_detected.labels(name).inc()

    def _answering(self, live: Live, request: Request, on_behalf_of: str) -> LoadedModel:
        if self.challenger_mode == "split" and live.challenger is not None:
            # The share of all keys below a mark is the share of callers.
            mark = self.challenger_share * 2**32
            key = on_behalf_of or request.caller.key
            if crc32(key.encode(errors="surrogatepass")) < mark:
                return live.challenger
        return live.champion

    def _score(
        self,
        request: Request,
        passenger: Passenger,
        vector: NDArray[np.float32],
        way: Way,
        passenger_id: int | None = None,
        request_id: str | None = None,
    ) -> tuple[LoadedModel, float]:
        live, on_behalf_of = self.live, asked_for(request.headers)
        model = self._answering(live, request, on_behalf_of)
        probability = model.score_one(vector)
        request_id = request_id or request.request_id
        self._note(
            request, on_behalf_of, passenger, way, model, probability, passenger_id, request_id
        )
        self.drift.add(
            live.champion.release.reference,
            request.began,
            passenger,
            probability if model is live.champion else None,
        )
        self.recent.remember(request.caller.key, request_id, probability)
        if self.challenger_mode == "shadow" and live.challenger is not None:
            with self._unseen(live.challenger) as shadow:
                score = shadow.score_one(vector)
                self._note(
                    request, on_behalf_of, passenger, way, shadow, score, passenger_id,
                    request_id, served=False,
                )  # fmt: skip
        return model, probability

    @contextmanager
    def _unseen(self, shadow: LoadedModel) -> Iterator[LoadedModel]:
        """Have a challenger score along: no caller sees its answer, nor that it fails."""
        try:
            yield shadow
        except Exception:  # noqa: BLE001 - whatever a model fails by
            self.metrics.shadow_failures.labels(shadow.version).inc()
            if shadow not in self.failed_in_shadow:  # one trace says it, the metric how often
                self.failed_in_shadow.add(shadow)
                _log.exception(
                    "the challenger fails in shadow; what it cannot score is left out of the log",
                    extra={"release": shadow.name},
                )

    def _note(
        self,
        request: Request,
        on_behalf_of: str,
        passenger: Passenger,
        way: Way,
        model: LoadedModel,
        probability: float,
        passenger_id: int | None,
        request_id: str,
        *,
        served: bool = True,
    ) -> None:
        survived = probability >= THRESHOLD
        self.metrics.count_answer(model, survived, probability)
        if not self.log.off:
            self.log.record(
                prediction_line(
                    time=time.time(), request_id=request_id, trace_id=request.trace_id,
                    caller=request.caller.key, on_behalf_of=on_behalf_of, way=way,
                    passenger_id=passenger_id, passenger=passenger, variant=model.variant,
                    model_version=model.version, probability=probability, survived=survived,
                    served=served,
                    latency_ms=(perf_counter() - request.began) * 1000,
                ),
                1,
            )  # fmt: skip

    def _note_many(
        self,
        request: Request,
        on_behalf_of: str,
        passengers: Sequence[Passenger],
        rows: Sequence[int],
        model: LoadedModel,
        probabilities: NDArray[np.float64],
        *,
        served: bool = True,
    ) -> None:
        survived = probabilities >= THRESHOLD
        self.metrics.count_answers(model, survived, probabilities)
        if not self.log.off:
            self.log.record(
                batch_lines(
                    time=time.time(), request_id=request.request_id, trace_id=request.trace_id,
                    caller=request.caller.key, on_behalf_of=on_behalf_of,
                    way="batch_predict",
                    rows=rows, passengers=passengers, probabilities=probabilities.tolist(),
                    survived=survived.tolist(),
                    variant=model.variant, model_version=model.version, served=served,
                    latency_ms=(perf_counter() - request.began) * 1000,
                ),
                len(rows),
            )  # fmt: skip
