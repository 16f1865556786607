"""Gathers what the verdict needs: from the service's log and from the published releases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from titanic_assets.prediction_log.recent import read_recent
from titanic_assets.releasing.health.chance import Latency, latency_of
from titanic_assets.releasing.health.counting import Requests
from titanic_assets.releasing.health.judging import Evidence
from titanic_assets.releasing.health.same_inputs import (
    NoSuchRelease,
    SameInputs,
    compare,
    find_release,
)
from titanic_assets.releasing.health.watching import Pair, Watch
from titanic_assets.settings import Settings

if TYPE_CHECKING:
    from titanic_model.events import PredictionEvent

# Answers of the release before, and passengers to ask both about, are looked for so far back.
_LOOK_BACK_SECONDS = 24 * 3600.0
_MOST_ANSWERS = 1000
_MOST_PASSENGERS = 2000


@dataclass(frozen=True)
class Gathered:
    """The evidence, the watch with what was learned for good, and what could not be had."""

    evidence: Evidence
    watch: Watch
    problem: str = ""


def gather(settings: Settings, pair: Pair, watch: Watch, requests_after: Requests) -> Gathered:
    """Read the log and ask both models. Raises `LogUnreadable`."""
    log, live_since = settings.predictions, watch.live_since
    if watch.latency_before is None:
        before = _latency(log, pair.before, live_since - _LOOK_BACK_SECONDS, live_since)
        if before and before.answers >= settings.health_predictions:
            watch = replace(watch, latency_before=before)
    after = _latency(log, pair.version, live_since, float("inf"))
    same, problem = _same_inputs(settings, pair, live_since - _LOOK_BACK_SECONDS)
    evidence = Evidence(
        requests_before=watch.requests_before,
        requests_after=requests_after,
        latency_before=watch.latency_before,
        latency_after=after,
        same_inputs=same,
    )
    return Gathered(evidence, watch, problem)


def _latency(log: str, version: int, since: float, until: float) -> Latency | None:
    """How long single passengers waited for the answer of that version."""

    def wanted(event: PredictionEvent) -> bool:
        return event.way == "predict" and event.served and event.model_version == str(version)

    recent = read_recent(log, since, until=until, most=_MOST_ANSWERS, wanted=wanted)
    return latency_of([event.latency_ms for event in recent.events])


def _same_inputs(settings: Settings, pair: Pair, since: float) -> tuple[SameInputs | None, str]:
    """Both models before the passengers of the log; or why not."""
    from titanic_model.release import BrokenRelease
    from titanic_model.scorer import UnusableModel

    recent = read_recent(settings.predictions, since, most=_MOST_PASSENGERS)
    releases = settings.places.releases
    try:
        before = find_release(releases, pair.before, pair.digest_before)
        after = find_release(releases, pair.version, pair.digest)
        return compare(before, after, [event.input for event in recent.events]), ""
    except (BrokenRelease, NoSuchRelease, UnusableModel) as error:
        return None, str(error)
