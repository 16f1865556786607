"""A performance report, from the collected events and the registry."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from titanic_assets.monitoring.answers import known_answers
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.monitoring.performance.judging import judge_version, policy_of
from titanic_assets.monitoring.performance.promise import promise_of
from titanic_assets.monitoring.performance.report import (
    PerformanceReport,
    Role,
    VersionPerformance,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from titanic_assets.settings import Settings
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.tracking.versions import ModelVersion

# Older predictions say nothing of today's passengers.
LOOK_BACK_SECONDS = 90 * 86_400.0
# Besides champion and challenger, so many that made predictions last.
_EARLIER = 2


def make_report(
    settings: Settings, registry: Registry, now: float | None = None
) -> PerformanceReport:
    """Judge every version that made predictions lately; without a page yet."""
    now = time.time() if now is None else now
    store = EventStore.of(settings)
    policy = policy_of(settings)
    roles = {
        number: role
        for role, number in registry.aliases().items()
        if role in ("champion", "challenger")
    }
    versions = []
    for version, role in _asked(registry, store, roles, now):
        since = since_of(version, now)
        span = store.versions(since).get(str(version.version))
        answers = known_answers(store, str(version.version), since)
        versions.append(
            judge_version(
                version,
                role,
                span.rows if span else 0,
                answers,
                promise_of(registry, version),
                policy,
            )
        )
    return _conclude(tuple(versions), now)


def since_of(version: ModelVersion, now: float) -> float:
    """Since when predictions count as that version's: numbers begin anew with a new registry."""
    return max(version.created.timestamp(), now - LOOK_BACK_SECONDS)


def _asked(
    registry: Registry, store: EventStore, roles: Mapping[int, str], now: float
) -> list[tuple[ModelVersion, Role]]:
    """The versions to report on: champion, challenger, and the last ones before these."""
    order: dict[Role, int] = {"champion": 0, "challenger": 1, "earlier": 2}
    spans = store.versions(now - LOOK_BACK_SECONDS)
    found: list[tuple[float, ModelVersion, Role]] = []
    for version in registry.versions():
        span = spans.get(str(version.version))
        if span is None or span.last < version.created.timestamp():
            continue
        role: Role = "earlier"
        if version.version in roles:
            role = "champion" if roles[version.version] == "champion" else "challenger"
        found.append((-span.last, version, role))
    found.sort(key=lambda each: (order[each[2]], each[0]))
    named = [(version, role) for _, version, role in found if role != "earlier"]
    earlier = [(version, role) for _, version, role in found if role == "earlier"]
    return [*named, *earlier[:_EARLIER]]


def _conclude(versions: tuple[VersionPerformance, ...], now: float) -> PerformanceReport:
    report = PerformanceReport("", now, False, "", None, versions)
    champion = report.champion
    if champion is None:
        why = "No champion has made predictions yet."
        return replace(report, report_id=_id("none"), why=why)
    outcomes = champion.figures.outcomes if champion.figures else 0
    return replace(
        report,
        report_id=_id(champion.digest, champion.last, outcomes, champion.known),
        asks_for_training=champion.kept.broken,
        why=f"Version {champion.version} {champion.kept.sentence}.",
    )


def _id(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
