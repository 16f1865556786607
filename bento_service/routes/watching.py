"""The routes by which the service is watched: drift, health, probes, metrics."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from bento_service.drift import DriftWindow
from bento_service.http import TEXT, Answer, Refused, Request
from bento_service.live.follower import Follower
from bento_service.metrics import CONTENT_TYPE, Metrics
from bento_service.routes import Route


class WatchingRoutes:
    """What operators and their machines ask."""

    def __init__(
        self,
        follower: Follower,
        drift: DriftWindow,
        metrics: Metrics,
        tell: Callable[[], None],
    ) -> None:
        self._follower = follower
        self._drift = drift
        self._metrics = metrics
        self._tell = tell  # brings the metrics up to date

    def routes(self) -> list[Route]:
        """The routes of this theme; probes and metrics are open to everybody."""
        return [
            Route("/api/v1/drift", {"GET": self.drift}),
            Route("/api/v1/health", {"GET": self.health}, scope=None),
            Route("/livez", {"GET": self.alive}, scope=None),
            Route("/healthz", {"GET": self.alive}, scope=None),
            Route("/readyz", {"GET": self.ready}, scope=None),
            Route("/metrics", {"GET": self.metrics}, scope=None),
        ]

    async def drift(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """The window of the last predictions beside what the model was trained on."""
        window, live = self._drift.window(), self._follower.live
        if window is None or live is None:
            raise Refused(503, "no_release", "No model is live, so there is nothing to compare.")
        fields = {
            name: {
                "drift": round(field.index, 6),
                "bar": round(field.bar, 6),
                "drifted": window.full and field.drifted,
                "bins": [
                    {"label": label, "reference": round(share, 6), "window": count}
                    for label, share, count in zip(
                        field.reference.labels, field.reference.shares, field.counts, strict=True
                    )
                ],
            }
            for name, field in window.fields.items()
        }
        content = {
            "window": window.size,
            "predictions": window.predictions,
            "full": window.full,
            "threshold": self._drift.threshold,
            "model_version": live.champion.version,
            "fields": fields,
        }
        return Answer(json.dumps(content).encode())

    async def health(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """Whether all is well, in a word."""
        live = self._follower.live
        content = {
            "status": "ok" if live else "waiting for a release",
            "model_version": live and live.champion.version,
        }
        return Answer(json.dumps(content).encode(), status=200 if live else 503)

    async def alive(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """The process answers."""
        return Answer(b"alive\n", content_type=TEXT)

    async def ready(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """There is a model, loaded, checked and warm."""
        if self._follower.live is None:
            return Answer(b"no release yet\n", status=503, content_type=TEXT)
        return Answer(b"ready\n", content_type=TEXT)

    async def metrics(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """All workers' metrics: of this one as it is now, of the others as a moment ago."""
        self._tell()
        return Answer(await asyncio.to_thread(self._metrics.exposition), content_type=CONTENT_TYPE)
