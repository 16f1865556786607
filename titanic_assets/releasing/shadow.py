"""What a challenger has shown in shadow, and whether that is enough to take the champion's place.

In shadow the service scores each passenger by both and answers with the champion. Both scores are
in its log under one request id, so what the challenger could not score is what is missing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from titanic_assets.prediction_log.recent import read_recent
from titanic_assets.releasing.health.chance import Latency, latency_of

if TYPE_CHECKING:
    from titanic_assets.settings import Settings
    from titanic_model.events import PredictionEvent

# The second of two lines may not be written yet.
_WRITTEN_WITHIN_SECONDS = 5.0
_FEWEST_READ = 2000
_BYTES_OF_AN_EVENT = 1000


@dataclass(frozen=True)
class ShadowPolicy:
    """What a challenger has to show, as the settings have it."""

    minutes: float
    predictions: int
    # The share that it may leave out.
    missed: float
    slowdown: float
    # Nobody notices less.
    slow_ms: float = 5.0


@dataclass(frozen=True)
class ShadowScores:
    """What is in the log of a challenger beside the champion."""

    first: float | None = None
    scored: int = 0
    # Of those that the champion scored meanwhile.
    missed: int = 0
    champion: Latency | None = None
    challenger: Latency | None = None


@dataclass(frozen=True)
class Trial:
    """Whether it has passed, and why or why not yet."""

    state: Literal["waiting", "unfit", "passed"]
    sentence: str
    # Whether outcomes have shown it to be better, rather than time to be good enough.
    by_experiment: bool = False


def judge_trial(
    scores: ShadowScores, in_shadow_since: float | None, now: float, policy: ShadowPolicy
) -> Trial:
    """Decide on a challenger; the sentence goes on where "version 5" begins it."""
    if in_shadow_since is None:
        return Trial(
            "waiting",
            "has scored nothing in shadow yet. Does the service run with CHALLENGER_MODE=shadow?",
        )
    minutes = (now - in_shadow_since) / 60
    if minutes < policy.minutes:
        return Trial("waiting", f"is in shadow for {minutes:.1f} of {policy.minutes:g} minutes")
    of = scores.scored + scores.missed
    if scores.missed > policy.missed * of:
        return Trial(
            "unfit",
            f"has left out {scores.missed:,} of {of:,} predictions. Either it fails, then the "
            "service's log says how, or CHALLENGER_MODE is not shadow",
        )
    if scores.scored < policy.predictions:
        return Trial(
            "waiting", f"has scored {scores.scored:,} of {policy.predictions:,} predictions"
        )
    said = f"was in shadow for {minutes:.1f} minutes and scored {scores.scored:,} predictions"
    if scores.champion and scores.challenger:
        bar = max(policy.slowdown * scores.champion.p95, policy.slow_ms)
        times = f"{scores.challenger.p95:,.1f} ms, the champion's {scores.champion.p95:,.1f} ms"
        if scores.challenger.at_least > bar:
            return Trial("unfit", f"is too slow: 19 of 20 of its scores take up to {times}")
        said += f", 19 of 20 within {times}"
    return Trial("passed", said)


def read_scores(settings: Settings, champion: int, challenger: int, since: float) -> ShadowScores:
    """The newest scores of both in the service's log. Raises `LogUnreadable`."""
    most = max(_FEWEST_READ, 3 * settings.shadow_predictions)
    recent = read_recent(
        settings.predictions,
        since,
        most=most,
        wanted=lambda event: event.model_version in (str(champion), str(challenger)),
        most_bytes=most * _BYTES_OF_AN_EVENT * 4,
    )
    return compare_scores(recent.events, str(champion), str(challenger))


def compare_scores(
    events: Sequence[PredictionEvent], champion: str, challenger: str
) -> ShadowScores:
    """Pair the scores of both, the oldest first."""
    in_shadow = {event.request_id: event for event in events if event.model_version == challenger}
    if not in_shadow:
        return ShadowScores()
    first = min(event.time for event in in_shadow.values())
    whole_until = max(event.time for event in events) - _WRITTEN_WITHIN_SECONDS
    answered = [event for event in events if event.model_version == champion]
    pairs = [
        (event, in_shadow[event.request_id]) for event in answered if event.request_id in in_shadow
    ]
    missed = sum(
        first <= event.time <= whole_until and event.request_id not in in_shadow
        for event in answered
    )
    single = [pair for pair in pairs if pair[0].way == "predict"]
    return ShadowScores(
        first=first,
        scored=len(pairs),
        missed=missed,
        champion=latency_of([of_champion.latency_ms for of_champion, _ in single]),
        challenger=latency_of([of_challenger.latency_ms for _, of_challenger in single]),
    )
