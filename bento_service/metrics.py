"""What the service tells Prometheus, right over all workers and after one of them has died.

The counts of a worker lie in files that are named by its seat, so the worker that takes a dead
one's place counts on where that one stopped, and none of its gauges are left behind. What each
request adds is put there a few times a second, all at once (tallies): a killed worker takes with
it what it had not put there yet.
"""

from __future__ import annotations

import collections
import math
import os
import resource
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from bento_service.drift import Window
from bento_service.http import Refused
from bento_service.live.models import Live, LoadedModel
from bento_service.prediction_log.log import LogState
from bento_service.recent import Rolling
from bento_service.seats import Seat
from bento_service.tallies import Distribution, Tally

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

_LATENCIES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
# Those of the living: what a dead worker said of itself is taken away.
_Mode = Literal["livemax", "livemostrecent", "livesum"]
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Metrics:
    """All of them. Made once per process, for metric names are known process-wide."""

    def __init__(self, seat: Seat) -> None:
        self._folder = seat.folder
        self._worker = str(seat.number)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(seat.folder)
        values.ValueClass = values.MultiProcessValue(lambda: seat.number)  # type: ignore[no-untyped-call]
        mark_process_dead(seat.number, str(seat.folder))  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str, mode: _Mode = "livemostrecent") -> Gauge:
            return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)

        self.requests = counter("titanic_requests_total", "Requests answered.", "route", "status")
        self.errors = counter("titanic_errors_total", "Requests refused or failed.", "type")
        self.rows_refused = counter(
            "titanic_rows_refused_total",
            "Rows of a batch, ids of a list, that were refused while others were answered.",
            "type",
        )
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
        self.shadow_failures = counter(
            "titanic_shadow_failures_total",
            "Passengers or batches a challenger failed to score in shadow.",
            "model_version",
        )
        self.outcomes = counter("titanic_outcomes_total", "Outcomes reported.", "match")
        self.accuracy = gauge(
            "titanic_rolling_accuracy", "Share of right answers among the last known outcomes."
        )
        self.calibration = gauge(
            "titanic_rolling_calibration_error",
            "Mean chance of survival said minus the share that survived, of the same.",
        )
        self.brier = gauge(
            "titanic_rolling_brier", "Mean squared error of the chance said, of the same."
        )
        self.known_outcomes = gauge("titanic_rolling_outcomes", "How many these are, at most 500.")
        self.drift = gauge(
            "titanic_drift",
            "Population stability index of a full window, per field; NaN until there is one.",
            "field",
        )
        self.drifted = gauge(
            "titanic_drifted", "1 while a field of a full window has drifted, otherwise 0.", "field"
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
        self.swaps = counter(
            "titanic_release_swaps_total", "Changes of what is live, each worker counting its own."
        )
        self.refused = counter(
            "titanic_releases_refused_total", "Releases refused, each worker counting its own."
        )
        self.behind = gauge(
            "titanic_releases_behind",
            "1 while a worker does not serve what should be live, or cannot find out what that is.",
            mode="livemax",
        )
        self.in_flight = gauge(
            "titanic_requests_in_flight",
            "Being answered now, those of open routes aside.",
            mode="livesum",
        )
        self.log_written = counter("titanic_prediction_log_written_total", "Events written.")
        self.log_dropped = counter("titanic_prediction_log_dropped_total", "Events lost.")
        self.log_backlog = gauge(
            "titanic_prediction_log_backlog", "Events not written yet.", mode="livesum"
        )
        self.log_failing = gauge(
            "titanic_prediction_log_failing", "1 while the log cannot be written.", mode="livemax"
        )
        self.limits_failing = gauge(
            "titanic_rate_limit_storage_failing",
            "1 while callers are counted by each worker for itself.",
            mode="livemax",
        )
        self.keys_failing = gauge(
            "titanic_token_keys_failing",
            "1 while the published keys of tokens cannot be had.",
            mode="livemax",
        )
        self._cpu = counter("titanic_worker_cpu_seconds_total", "Processor time.", "worker")
        self._memory = gauge("titanic_worker_resident_bytes", "Resident memory.", "worker")
        self._cpu_before = 0.0
        self._live_before: Live | None = None
        self._log_before: LogState | None = None
        self._of_routes: dict[tuple[str, int], tuple[Tally, Distribution]] = {}
        self._of_seconds: dict[str, Distribution] = {}
        self._of_models: dict[tuple[str, str], _Answers] = {}

    @cached_property
    def _everything(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return registry

    def exposition(self) -> bytes:
        """All workers' metrics as Prometheus reads them."""
        return generate_latest(self._everything)

    def flush(self) -> None:
        """Put down what was counted; to be called where the counting is done."""
        for tally, _ in self._of_routes.values():
            tally.flush()
        for seconds in self._of_seconds.values():
            seconds.flush()
        for answers in list(self._of_models.values()):  # batches in threads may add to them
            answers.flush()

    def count_request(self, route: str, status: int, error: str | None, took: float) -> None:
        """Count one answered request."""
        of_route = self._of_routes.get((route, status))
        if of_route is None:
            of_route = self._of_routes[route, status] = self._tallies_of(route, status)
        answered, seconds = of_route
        answered.waiting += 1
        seconds.add(took)
        if error is not None:
            self.errors.labels(error).inc()

    def count_refused_rows(self, rows: Iterable[object]) -> None:
        """Count those of a batch that were refused, in whichever thread."""
        kinds = collections.Counter(row.kind for row in rows if isinstance(row, Refused))
        for kind, many in kinds.items():
            self.rows_refused.labels(kind).inc(many)

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
            known = window.full and field.judged
            self.drift.labels(name).set(field.index if known else math.nan)
            self.drifted.labels(name).set(1 if known and field.drifted else 0)

    def show_process(self) -> None:
        """Tell what this worker uses."""
        used = time.process_time()
        self._cpu.labels(self._worker).inc(used - self._cpu_before)
        self._cpu_before = used
        self._memory.labels(self._worker).set(_resident_bytes())

    def show_outcomes(self, rolling: Rolling | None) -> None:
        """Tell how good the answers were lately, as far as anybody has told."""
        if rolling is not None:
            self.accuracy.set(rolling.accuracy)
            self.calibration.set(rolling.gap)
            self.brier.set(rolling.brier)
            self.known_outcomes.set(rolling.outcomes)

    def count_answer(self, model: LoadedModel, survived: bool, probability: float) -> None:  # noqa: FBT001 - it is the value
        """Count one prediction."""
        answers = self._answers_of(model)
        answers.of_outcome[survived].waiting += 1
        answers.probability.add(probability)

    def count_answers(
        self, model: LoadedModel, survived: NDArray[np.bool_], probabilities: NDArray[np.float64]
    ) -> None:
        """Count the predictions of a batch, in whichever thread."""
        answers = self._answers_of(model)
        yes = int(survived.sum())
        answers.of_outcome[True].counter.inc(yes)
        answers.of_outcome[False].counter.inc(len(survived) - yes)
        answers.probability.put(probabilities)

    def _tallies_of(self, route: str, status: int) -> tuple[Tally, Distribution]:
        seconds = self._of_seconds.get(route)
        if seconds is None:
            seconds = self._of_seconds[route] = Distribution(self.seconds.labels(route), _LATENCIES)
        return Tally(self.requests.labels(route, str(status))), seconds

    def _answers_of(self, model: LoadedModel) -> _Answers:
        key = model.variant, model.version
        answers = self._of_models.get(key)
        if answers is None:
            # Of two threads that make them at once, one's are kept.
            answers = self._of_models.setdefault(
                key,
                _Answers(
                    {
                        survived: Tally(self.predictions.labels(word, *key))
                        for survived, word in ((True, "survived"), (False, "died"))
                    },
                    Distribution(self.probability.labels(model.variant), _TENTHS),
                ),
            )
        return answers


@dataclass(frozen=True)
class _Answers:
    """The counts of one model's answers."""

    of_outcome: Mapping[bool, Tally]
    probability: Distribution

    def flush(self) -> None:
        for tally in self.of_outcome.values():
            tally.flush()
        self.probability.flush()


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - not a file
            return int(statm.read().split()[1]) * _PAGE
    except OSError:  # no /proc: the peak is the nearest there is
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
