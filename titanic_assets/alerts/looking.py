"""Looks for troubles that last: what is out of order now, source by source.

A look that fails says nothing of its source: what was open there stays open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from titanic_assets.alerts import occasions
from titanic_assets.alerts.alert import Alert, AlertRecord, Kind
from titanic_assets.alerts.ledger import is_news_again
from titanic_assets.alerts.wanted import wanted_releases
from titanic_assets.monitoring.verdicts import read_verdict
from titanic_assets.releasing.service import Service, Unreachable
from titanic_assets.tracking.asking import NoAnswer, Question, ask

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

_ANSWER_WITHIN_SECONDS = 5.0


@dataclass(frozen=True)
class Trouble:
    """What is out of order, and when that was found."""

    alert: Alert
    found: float


Troubles = tuple[Trouble, ...]


@dataclass(frozen=True)
class Decision:
    """What is to be told, and what is over."""

    news: tuple[Alert, ...] = ()
    over: tuple[str, ...] = ()


class CannotLook(RuntimeError):
    """The source cannot be read now."""


def decide(
    troubles: Mapping[Kind, Iterable[Trouble]],
    records: Iterable[AlertRecord],
    now: float,
    repeat_seconds: float,
    *,
    configured: bool,
) -> Decision:
    """Compare what is out of order with what people were told.

    `troubles` has the sources that could be looked at. A trouble is told when it is new, and again
    when it was found anew since it was told last and that is long enough ago; with an interval of
    nothing only once.
    """
    repeat_seconds = repeat_seconds or math.inf
    open_ones: dict[str, AlertRecord] = {}
    for record in records:
        if record.over is None:
            open_ones[record.alert.key] = record
        else:
            open_ones.pop(record.alert.key, None)
    news, over = [], []
    for kind, present in troubles.items():
        keys = set()
        for trouble in present:
            key = trouble.alert.key
            keys.add(key)
            told = open_ones.get(key)
            if told is None or (
                is_news_again(told, now, repeat_seconds, configured=configured)
                and (trouble.found > told.raised or told.state == "not_configured")
            ):
                news.append(trouble.alert)
        over += [
            key for key, told in open_ones.items() if told.alert.kind == kind and key not in keys
        ]
    return Decision(tuple(news), tuple(over))


def drift(settings: Settings) -> Troubles:
    """What the newest drift report asks training for."""
    verdict = read_verdict(settings, "drift_report")
    if verdict is None or not verdict.asks_for_training:
        return ()
    from titanic_assets.monitoring.drift.report import read_drift_report

    report = read_drift_report(settings)
    champion = report.champion if report else None
    alert = occasions.drift(
        settings,
        verdict,
        champion.version if champion else None,
        [field.name for field in champion.drifted] if champion else [],
    )
    return (Trouble(alert, verdict.made),)


def performance(settings: Settings) -> Troubles:
    """What the newest performance report asks training for."""
    verdict = read_verdict(settings, "performance_report")
    if verdict is None or not verdict.asks_for_training:
        return ()
    from titanic_assets.monitoring.performance.report import read_performance_report

    report = read_performance_report(settings)
    champion = report.champion if report else None
    alert = occasions.performance(settings, verdict, champion.version if champion else None)
    return (Trouble(alert, verdict.made),)


@dataclass(frozen=True)
class Served:
    """What the service says of its releases; `behind` if it does not serve what it should."""

    behind: bool
    champions: tuple[str, ...] = ()


def look_at_service(settings: Settings) -> Served:
    """Ask the service; raises `CannotLook` where it does not answer."""
    address = f"{settings.service_url}/metrics"
    try:
        answer = ask(Question("GET", address, {}, by_proxy=False), _ANSWER_WITHIN_SECONDS)
    except NoAnswer as error:
        raise CannotLook(f"the service at {settings.service_url}: {error}") from None
    if answer.status != HTTPStatus.OK:
        raise CannotLook(f"{address} answers status {answer.status}")
    try:
        return parse_served(answer.content.decode())
    except (LookupError, ValueError) as error:
        raise CannotLook(f"what {address} answers are no metrics of ours ({error})") from None


def parse_served(text: str) -> Served:
    """What the text of `/metrics` says."""
    from prometheus_client.parser import text_string_to_metric_families

    behind: bool | None = None
    live = []
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "titanic_releases_behind":
                behind = sample.value > 0
            elif sample.name == "titanic_live_release" and sample.value == 1:
                live.append((sample.labels["variant"], sample.labels["model_version"]))
    if behind is None:
        raise ValueError("there is no titanic_releases_behind")
    return Served(behind, tuple(sorted(v for variant, v in live if variant == "champion")))


def refused_release(settings: Settings, served: Served, now: float) -> Troubles:
    """What a service that is behind refuses. One that waits for the first release is fine."""
    current = wanted_releases(settings.places.releases)
    if current is None:
        return ()
    wanted = current.champion
    reason = "it does not say why"
    try:
        state = Service(settings.service_url).state()
    except Unreachable as error:
        reason = f"{reason} ({error})"
    else:
        refused = {each["name"]: each["reason"] for each in state.get("refused") or ()}
        if wanted not in refused:
            wanted = next((name for name in refused if name == current.challenger), wanted)
        reason = refused.get(wanted) or state.get("unreachable") or reason
    alert = occasions.release_refused(
        settings,
        wanted,
        reason=reason,
        answering=", ".join(served.champions),
        challenger=wanted == current.challenger,
    )
    return (Trouble(alert, now),)


def looked(look: Callable[[], Troubles], problems: list[str]) -> Troubles | None:
    """What a look finds; None where it fails, whose reason is added to the problems."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001 - people are to be told of the others
        problems.append(" ".join(str(error).split())[:300])
        return None
