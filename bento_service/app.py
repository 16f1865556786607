"""Puts the service together: what there is in one worker, in which order it begins and ends."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from time import perf_counter
from typing import Any

from bento_service.drift import DriftWindow
from bento_service.guard.callers import make_callers, warn_of_open_door
from bento_service.guard.cross_origin import CrossOrigin
from bento_service.guard.rate_limits import RateLimits
from bento_service.http import Request
from bento_service.live.follower import Follower, Refusal
from bento_service.live.models import Live
from bento_service.live.sources import LocalReleases, NoReleases, open_source
from bento_service.metrics import Metrics
from bento_service.online_features import OnlineFeatures
from bento_service.predicting import Predictor
from bento_service.prediction_log.monitor import open_prediction_log
from bento_service.recent import RecentPredictions
from bento_service.routes import Route
from bento_service.routes.models import ModelRoutes
from bento_service.routes.outcomes import OutcomeRoutes
from bento_service.routes.pages import PageRoutes
from bento_service.routes.passengers import PassengerRoutes
from bento_service.routes.predicting import PredictingRoutes
from bento_service.routes.watching import WatchingRoutes
from bento_service.seats import shared_folder, take_seat
from bento_service.settings import Settings

_BEAT_SECONDS = 0.25
_BEATS_A_SECOND = 4

_log = logging.getLogger("bento_service")
_access = logging.getLogger("bento_service.access")
_LONGEST_PATH = 200  # of what the log shows
# A batch is answered in a thread, and each time another request wants to go on it has to wait for
# so long at most; by default it is ten times that.
_TURN_SECONDS = 0.0005
# glibc keeps what was given back for the next batch, up to twice the largest block there has been;
# what is above goes to the system, and to have it back each time takes a sixth of a batch's time.
# So it is shown such a block, as the first body of the largest size would be.
_LARGEST_BLOCK = 8 * 1024 * 1024


class App:
    """One worker of the service. It is made when the worker loads, and begins with its server."""

    def __init__(
        self,
        settings: Settings,
        packed: Path | None,
        version: str,
        bentoml: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.settings = settings
        self.seat = take_seat(shared_folder())
        folder = self.seat.folder
        self.metrics = Metrics(self.seat)
        self.drift = DriftWindow(
            folder, self.seat.number, settings.drift_window, settings.drift_threshold
        )
        self.recent = RecentPredictions(folder)
        self.log = open_prediction_log(settings, self.seat.number)
        followed = open_source(settings.releases_uri) if settings.releases_uri else None
        own = LocalReleases(packed, "packed") if packed else NoReleases()
        self.follower = Follower(
            followed or own,
            follow=followed is not None,
            poll_seconds=settings.releases_poll_seconds,
            shared=folder,
            on_change=self._change,
            on_refusal=self._note_refusal,
        )
        self.predictor = Predictor(
            self.follower,
            self.drift,
            self.recent,
            self.metrics,
            self.log,
            settings.challenger_mode,
            settings.challenger_share,
        )
        self.features = (
            OnlineFeatures(settings.features_url, settings.features_timeout_seconds)
            if settings.features_url
            else None
        )
        self.callers = make_callers(settings)
        self.limits = RateLimits(settings, folder)
        self.cross_origin = CrossOrigin(settings)
        self.in_flight = 0  # requests being answered; the front counts them
        self.most_in_flight = -(-settings.max_concurrency // settings.workers)
        predicting = PredictingRoutes(self.predictor, settings)
        self.routes: list[Route] = [
            *predicting.routes(),
            *OutcomeRoutes(self.recent, self.metrics, self.log).routes(),
            *ModelRoutes(self.follower, settings).routes(),
            *WatchingRoutes(self.follower, self.drift, self.metrics, self._tell).routes(),
            *PassengerRoutes(
                self.features, predicting.score_known, self.metrics.count_refused_rows
            ).routes(),
            *PageRoutes(settings, version, bentoml).routes(),
        ]
        self._beats: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Load what is live and begin what goes on beside the requests."""
        sys.setswitchinterval(_TURN_SECONDS)
        settings = self.settings
        if settings.challenger_mode == "split" and not settings.asks_for_tokens:
            _log.info(
                "without tokens the split goes by address, so all callers on one machine get the "
                "same model, unless they send X-Caller-Key"
            )
        self.follower.start()
        self.callers.start()
        if self.seat.number == 0:  # one worker says it for all
            warn_of_open_door(self.settings)
        self._tell()
        self._beats = asyncio.get_running_loop().create_task(self._beat())
        # What is there now stays: it need not be looked through each time something is thrown away.
        gc.collect()
        gc.freeze()
        bytes(_LARGEST_BLOCK)

    async def stop(self) -> None:
        """End all of it; what the log still holds is written. The second time does nothing."""
        if self._stopped:
            return
        self._stopped = True
        if self._beats:
            self._beats.cancel()
            with suppress(asyncio.CancelledError):
                await self._beats
        await self.limits.close()
        if self.features:
            await self.features.close()
        await asyncio.to_thread(self._stop_threads)
        self._tell()
        self.seat.leave()

    def _stop_threads(self) -> None:
        self.follower.stop()
        self.callers.close()
        self.log.close()

    async def ask(self, path: str, body: bytes) -> Any:
        """What a route that takes JSON answers to this body, asked from within the process."""
        route = next(route for route in self.routes if route.path == path)
        request = Request.within(path, body, token_hex(8))
        return json.loads((await route.handlers["POST"](request)).body)

    def count(self, request: Request, route: Route | None, status: int, error: str | None) -> None:
        """Count an answered request, and log it if that is wished for."""
        took = perf_counter() - request.began
        name = route.path if route else "other"
        self.metrics.count_request(name, status, error, took)
        if self.settings.access_log:
            _access.info(
                "request",
                extra={
                    **self.about(request),
                    "method": request.method,
                    "path": request.path[:_LONGEST_PATH],
                    "status": status,
                    "milliseconds": round(took * 1000, 3),
                    "caller": request.caller.key or None,
                },
            )

    def about(self, request: Request) -> dict[str, str | None]:
        """What a line of the log says of the request that it is about."""
        live = self.follower.live
        return {
            "request_id": request.request_id,
            "trace_id": request.trace_id or None,
            "model_version": live.champion.version if live else None,
        }

    def _change(self, live: Live) -> None:
        self.drift.follow(live.champion.release.digest, live.champion.release.reference)
        self.metrics.show_live(live)

    def _note_refusal(self, _refusal: Refusal) -> None:
        self.metrics.refused.inc()

    async def _beat(self) -> None:
        """Show the other workers what is counted here; what is slower to change, once a second."""
        failing = False
        for beat in count(1):
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                self.metrics.flush()
                self.drift.flush()
                if beat % _BEATS_A_SECOND == 0:
                    self._tell()
            except Exception:  # noqa: BLE001 - the next one may do better
                # The next one is tried whatever happened to this one; a series is told of once.
                if not failing:
                    _log.exception("telling the metrics failed, it is tried again")
                failing = True
            else:
                failing = False

    def _tell(self) -> None:
        """Bring the metrics up to date, to this worker's best knowledge."""
        self.metrics.flush()
        self.metrics.show_process()
        self.metrics.show_log(self.log.state)
        self.metrics.show_outcomes(self.recent.rolling)
        self.metrics.limits_failing.set(self.limits.counted_apart)
        self.metrics.keys_failing.set(not self.callers.keys_reachable)
        self.metrics.in_flight.set(self.in_flight)
        self.metrics.behind.set(self.follower.behind)
        self.predictor.look_at_drift()
