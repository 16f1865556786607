"""A performance report, from the collected events and the registry."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from titanic_assets.monitoring.answers import Period, known_answers
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.monitoring.learnt import Learnt
from titanic_assets.monitoring.page import how_old
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

# Besides champion and challenger, so many that made predictions last.
_EARLIER = 2
# The champion last: where both aliases name one version, it is the champion.
_ALIASES: tuple[Role, ...] = ("challenger", "champion")


def make_report(
    settings: Settings, registry: Registry, now: float | None = None
) -> PerformanceReport:
    """Judge every version that made predictions lately; without a page yet."""
    now = time.time() if now is None else now
    store = EventStore.of(settings)
    policy = policy_of(settings)
    aliases = registry.aliases()
    roles = {aliases[role]: role for role in _ALIASES if role in aliases}
    versions = []
    for version, role in _asked(registry, store, roles, now):
        period = Period.of([version], now)
        span = store.versions(period.since, period.until).get(str(version.version))
        learnt = Learnt.by(settings, store, version.created.timestamp())
        answers = known_answers(store, str(version.version), period, learnt)
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


def _asked(
    registry: Registry, store: EventStore, roles: Mapping[int, Role], now: float
) -> list[tuple[ModelVersion, Role]]:
    """The versions to report on: champion, challenger, and the last ones before these."""
    period = Period.of([], now)
    spans = store.versions(period.since, period.until)
    last = {
        version: span.last
        for version in registry.versions()
        if (span := spans.get(str(version.version))) and span.last >= version.created.timestamp()
    }
    newest = sorted(last, key=lambda version: -last[version])
    named: list[tuple[ModelVersion, Role]] = [
        (version, role)
        for role in reversed(_ALIASES)
        for version in newest
        if roles.get(version.version) == role
    ]
    earlier = [version for version in newest if version.version not in roles]
    return [*named, *((version, "earlier") for version in earlier[:_EARLIER])]


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
        why=f"Version {champion.version} {champion.kept.sentence}.{how_old(champion.last, now)}",
    )


def _id(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
