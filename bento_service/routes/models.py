"""The routes that tell which model answers, where it comes from, and which others there are."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bento_service.http import Answer, Refused, Request
from bento_service.live.follower import Follower
from bento_service.live.models import LoadedModel
from bento_service.routes import Route
from bento_service.settings import Settings

_MOST_LISTED = 200


class ModelRoutes:
    """The live model, all known ones, and the order to look for a new one."""

    def __init__(self, follower: Follower, settings: Settings) -> None:
        self._follower = follower
        self._settings = settings
        # Version and family by name: a release never changes, and storage may be far away.
        self._read: dict[str, tuple[str, str]] = {}

    def routes(self) -> list[Route]:
        """The routes of this theme; that for administrators only where tokens tell who is one."""
        routes = [
            Route("/api/v1/model", {"GET": self.model}),
            Route("/api/v1/models", {"GET": self.models}),
        ]
        if self._settings.asks_for_tokens:
            routes.append(Route("/api/v1/admin/reload", {"POST": self.reload}, scope="admin"))
        return routes

    async def model(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """What is live, with its whole provenance, and what was refused."""
        return Answer(json.dumps(self._state()).encode())

    async def models(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """Every release in the folder."""
        return Answer(json.dumps(await asyncio.to_thread(self._all)).encode())

    async def reload(self, request: Request) -> Answer:  # noqa: ARG002 - a handler
        """Have all workers look for a new release now."""
        await asyncio.to_thread(self._follower.nudge)
        return Answer(json.dumps(self._state()).encode())

    def _state(self) -> dict[str, Any]:
        live = self._follower.live
        return {
            "champion": live and _describe(live.champion),
            "challenger": live and live.challenger and _describe(live.challenger),
            "challenger_mode": self._settings.challenger_mode,
            "challenger_share": self._settings.challenger_share,
            "source": self._follower.source.shown,
            "unreachable": self._follower.unreachable,
            "refused": [
                {"name": refusal.name, "reason": refusal.reason, "time": _when(refusal.time)}
                for refusal in self._follower.refused
            ],
        }

    def _all(self) -> dict[str, Any]:
        source = self._follower.source
        try:
            names = source.names()
        except Exception as error:
            raise Refused(
                503,
                "releases_unavailable",
                f"{source.shown} cannot be read now; what is live goes on answering.",
            ) from error
        newest = sorted(names, key=_version_of, reverse=True)[:_MOST_LISTED]
        models = [self._known(name) for name in newest]
        read = self._read
        self._read = {name: read[name] for name in newest if name in read}
        return {"models": models, "all": len(names)}

    def _known(self, name: str) -> dict[str, str | None]:
        """One release as it lies there, whatever is wrong with it."""
        live = self._follower.live
        states = {model.name: str(model.variant) for model in live.models} if live else {}
        refused = {refusal.name: "refused" for refusal in self._follower.refused}
        version: str
        family: str | None
        try:
            version, family = self._version_and_family(name)
        except Exception:  # noqa: BLE001 - whatever a broken one or its storage fail by
            version, family, state = name.partition("-")[0], None, "broken"
        else:
            state = "published"
        return {
            "name": name,
            "version": version,
            "family": family,
            "state": states.get(name) or refused.get(name) or state,
        }

    def _version_and_family(self, name: str) -> tuple[str, str]:
        found = self._read.get(name)
        if found is None:
            metadata = json.loads(self._follower.source.read_metadata(name))
            found = self._read[name] = str(metadata["version"]), str(metadata["family"])
        return found


def _describe(model: LoadedModel) -> dict[str, Any]:
    metadata = model.release.metadata
    return {
        "name": model.name,
        "version": model.version,
        "variant": model.variant,
        "digest": model.release.digest,
        "model_digest": model.release.model_digest,
        "family": metadata.family,
        "parameters": dict(metadata.parameters),
        "imbalance": metadata.imbalance,
        "figures": dict(metadata.figures),
        "feature_version": metadata.feature_version,
        "features": len(metadata.feature_names),
        "trained_on": model.release.reference.passengers,
        "provenance": asdict(metadata.provenance),
        "live_since": _when(model.since),
    }


def _when(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _version_of(name: str) -> int:
    number = name.partition("-")[0]
    return int(number) if number.isdigit() else -1
