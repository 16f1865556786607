"""What the service tells Prometheus, right over all workers and after one of them has died.

The counts of a worker lie in files that are named by its seat, so the worker that takes a dead
one's place counts on where that one stopped, and none of its gauges are left behind.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from bento_service.drift import Window
from bento_service.live.models import Live, LoadedModel
from bento_service.prediction_log.log import LogState
from bento_service.seats import Seat

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

_LATENCIES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
_Mode = Literal["max", "mostrecent", "sum"]
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Metrics:
    """All of them. Made once per process, for metric names are known process-wide."""

    def __init__(self, seat: Seat) -> None:
        self._folder = seat.folder
        self._worker = str(seat.number)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(seat.folder)
        values.ValueClass = values.MultiProcessValue(lambda: seat.number)  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str, mode: _Mode = "mostrecent") -> Gauge:
            return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)

        self.requests = counter("titanic_requests_total", "Requests answered.", "route", "status")
        self.errors = counter("titanic_errors_total", "Requests refused or failed.", "type")
        self.seconds = Histogram(
            "titanic_request_seconds",
            "From a request's arrival to its answer.",
            ("route",),
            buckets=_LATENCIES,
            registry=registry,
        )
        self.predictions = counter(
            "titanic_predictions_total",
            "Predictions made.",
            "outcome", "variant", "model_version",
        )  # fmt: skip
        self.probability = Histogram(
            "titanic_probability",
            "Predicted probabilities of survival.",
            ("variant",),
            buckets=_TENTHS,
            registry=registry,
        )
        self.outcomes = counter("titanic_outcomes_total", "Outcomes reported.", "match")
        self.accuracy = gauge(
            "titanic_rolling_accuracy", "Share of right answers among the last known outcomes."
        )
        self.drift = gauge(
            "titanic_drift", "Population stability index of the window, per field.", "field"
        )
        self.window = gauge("titanic_drift_window_predictions", "Predictions in the window.")
        self.drift_detected = counter(
            "drift_detected_total", "Times a field of a full window began to drift.", "field"
        )
        self.live = gauge(
            "titanic_live_release",
            "1 for the releases that answer now.",
            "variant", "model_version", "release",
        )  # fmt: skip
        self.models_loaded = gauge("titanic_models_loaded", "Models in memory, of each worker.")
        self.swaps = counter("titanic_release_swaps_total", "Changes of what is live.")
        self.refused = counter("titanic_releases_refused_total", "Releases refused.")
        self.in_flight = gauge("titanic_requests_in_flight", "Being answered now.", mode="sum")
        self.log_written = counter("titanic_prediction_log_written_total", "Events written.")
        self.log_dropped = counter("titanic_prediction_log_dropped_total", "Events lost.")
        self.log_backlog = gauge(
            "titanic_prediction_log_backlog", "Events not written yet.", mode="sum"
        )
        self.log_failing = gauge(
            "titanic_prediction_log_failing", "1 while the log cannot be written.", mode="max"
        )
        self.limits_failing = gauge(
            "titanic_rate_limit_storage_failing",
            "1 while callers are counted by each worker for itself.",
            mode="max",
        )
        self._cpu = counter("titanic_worker_cpu_seconds_total", "Processor time.", "worker")
        self._memory = gauge(
            "titanic_worker_resident_bytes", "Resident memory.", "worker", mode="mostrecent"
        )
        self._cpu_before = 0.0
        self._live_before: Live | None = None
        self._log_before: LogState | None = None
        self._of_routes: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._of_models: WeakKeyDictionary[LoadedModel, _Counters] = WeakKeyDictionary()

    @cached_property
    def _everything(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return registry

    def exposition(self) -> bytes:
        """All workers' metrics as Prometheus reads them."""
        self.show_process()
        return generate_latest(self._everything)

    def count_request(self, route: str, status: int, error: str | None, took: float) -> None:
        """Count one answered request."""
        of_route = self._of_routes.get((route, status))
        if of_route is None:
            of_route = self._of_routes[route, status] = (
                self.requests.labels(route, str(status)),
                self.seconds.labels(route),
            )
        answered, seconds = of_route
        answered.inc()
        seconds.observe(took)
        if error is not None:
            self.errors.labels(error).inc()

    def show_log(self, state: LogState) -> None:
        """Tell how the prediction log fares."""
        before = self._log_before
        self.log_written.inc(state.written - (before.written if before else 0))
        self.log_dropped.inc(state.dropped - (before.dropped if before else 0))
        self.log_backlog.set(state.backlog)
        self.log_failing.set(1 if state.failing else 0)
        self._log_before = state

    def show_live(self, live: Live) -> None:
        """Tell which releases are live, and no longer of those that were."""
        if self._live_before:
            for model in self._live_before.models:
                self.live.labels(model.variant, model.version, model.name).set(0)
        for model in live.models:
            self.live.labels(model.variant, model.version, model.name).set(1)
        self.models_loaded.set(len(live.models))
        if self._live_before:
            self.swaps.inc()
        self._live_before = live

    def show_drift(self, window: Window) -> None:
        """Tell how far each field is from the reference."""
        self.window.set(window.predictions)
        for name, field in window.fields.items():
            self.drift.labels(name).set(field.index)

    def show_process(self) -> None:
        """Tell what this worker uses."""
        used = time.process_time()
        self._cpu.labels(self._worker).inc(used - self._cpu_before)
        self._cpu_before = used
        self._memory.labels(self._worker).set(_resident_bytes())

    def count_answer(self, model: LoadedModel, survived: bool, probability: float) -> None:  # noqa: FBT001 - it is the value
        """Count one prediction."""
        counters = self._counters_of(model)
        counters.answers[survived].inc()
        counters.probability.observe(probability)

    def count_answers(
        self, model: LoadedModel, survived: NDArray[np.bool_], probabilities: NDArray[np.float32]
    ) -> None:
        """Count the predictions of a batch."""
        counters = self._counters_of(model)
        yes = int(survived.sum())
        counters.answers[True].inc(yes)
        counters.answers[False].inc(len(survived) - yes)
        # A histogram has no way to take many values at once, and one by one is as dear as scoring.
        places = np.searchsorted(_TENTHS, probabilities)
        for bucket, many in zip(
            counters.probability._buckets,  # noqa: SLF001
            np.bincount(places, minlength=len(_TENTHS) + 1),
            strict=True,
        ):
            bucket.inc(float(many))
        counters.probability._sum.inc(float(probabilities.sum()))  # noqa: SLF001

    def _counters_of(self, model: LoadedModel) -> _Counters:
        """The counters of one model's answers, looked up once instead of at each request."""
        counters = self._of_models.get(model)
        if counters is None:
            said = {True: "survived", False: "died"}
            counters = self._of_models[model] = _Counters(
                {
                    survived: self.predictions.labels(word, model.variant, model.version)
                    for survived, word in said.items()
                },
                self.probability.labels(model.variant),
            )
        return counters


@dataclass(frozen=True)
class _Counters:
    answers: Mapping[bool, Counter]
    probability: Histogram


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - not a file
            return int(statm.read().split()[1]) * _PAGE
    except OSError:  # no /proc: the peak is the nearest there is
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
