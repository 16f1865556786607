"""Champion and challenger on live traffic: which is better, as far as outcomes tell.

An experiment is looked at again and again while outcomes come in, so its intervals are those that
hold at all looks together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from titanic_model.metrics import Floats, losses, says_survived
from titanic_model.resampling import Interval
from titanic_model.sequential import about, interval_of, interval_of_mean, outcomes_to_tell

Verdict = Literal["promote", "keep", "wait"]
_STEPS = 50


@dataclass(frozen=True)
class Step:
    """The gain as it was after so many outcomes, and where it lay."""

    outcomes: int
    gain: float
    interval: Interval


@dataclass(frozen=True)
class Contest:
    """What outcomes say of the two; positive figures speak for the challenger.

    `gain` is the mean difference in log loss, `spread` its deviation from one outcome to the next.
    Intervals hold at all looks together. `p_value` is McNemar's, of this look alone: of passengers
    about whom just one of the two was right.
    """

    outcomes: int
    champion_accuracy: float
    challenger_accuracy: float
    champion_log_loss: float
    challenger_log_loss: float
    gain: float
    gain_interval: Interval
    spread: float
    accuracy_interval: Interval
    only_challenger_right: int | None
    only_champion_right: int | None
    p_value: float | None
    # Callers of champion and challenger, where each has callers of its own.
    callers: tuple[int, int] | None = None
    # How it came to this, where both scored the same passengers.
    course: tuple[Step, ...] = ()

    @property
    def accuracy_difference(self) -> float:
        """By how much the challenger is more often right."""
        return self.challenger_accuracy - self.champion_accuracy


@dataclass(frozen=True)
class ExperimentPolicy:
    """So many outcomes before anything is recommended, and the gain a promotion takes."""

    outcomes: int = 100
    minimum_gain: float = 0.002
    callers: int = 20


@dataclass(frozen=True)
class Recommendation:
    """What to do; the sentence goes on where "challenger 5" begins it."""

    verdict: Verdict
    sentence: str


def compare_pairs(truth: NDArray[Any], champion: Floats, challenger: Floats) -> Contest:
    """Compare the chances that both said of the same passengers, at least one, oldest first."""
    lost = losses(truth, champion), losses(truth, challenger)
    right = says_survived(champion) == (truth == 1), says_survived(challenger) == (truth == 1)
    gained = lost[0] - lost[1]
    only_challenger = int((right[1] & ~right[0]).sum())
    only_champion = int((right[0] & ~right[1]).sum())
    return Contest(
        outcomes=len(truth),
        champion_accuracy=float(right[0].mean()),
        challenger_accuracy=float(right[1].mean()),
        champion_log_loss=float(lost[0].mean()),
        challenger_log_loss=float(lost[1].mean()),
        gain=float(gained.mean()),
        gain_interval=interval_of_mean(gained),
        spread=float(gained.std()),
        accuracy_interval=interval_of_mean(right[1].astype(np.float64) - right[0]),
        only_challenger_right=only_challenger,
        only_champion_right=only_champion,
        p_value=uneven(only_challenger, only_champion),
        course=tuple(_course(gained)),
    )


@dataclass(frozen=True, eq=False)
class Arm:
    """What one of the two said to its callers: numbers that tell them apart go along."""

    truth: NDArray[Any]
    probability: Floats
    caller: NDArray[Any]


def compare_arms(champion: Arm, challenger: Arm) -> Contest:
    """Compare two that each answered callers of its own, at least one passenger each.

    Callers were drawn, not passengers: those of one caller are alike, and count as one.
    """
    lost = [
        _Mean.of(losses(arm.truth, arm.probability), arm.caller) for arm in (champion, challenger)
    ]
    right = [
        _Mean.of(says_survived(arm.probability) == (arm.truth == 1), arm.caller)
        for arm in (champion, challenger)
    ]
    callers = lost[0].callers, lost[1].callers
    outcomes = len(champion.truth) + len(challenger.truth)
    gain = lost[0].mean - lost[1].mean
    error = math.hypot(lost[0].error, lost[1].error)
    return Contest(
        outcomes=outcomes,
        champion_accuracy=right[0].mean,
        challenger_accuracy=right[1].mean,
        champion_log_loss=lost[0].mean,
        challenger_log_loss=lost[1].mean,
        gain=gain,
        gain_interval=interval_of(gain, error, sum(callers)),
        spread=error * math.sqrt(outcomes),
        accuracy_interval=interval_of(
            right[1].mean - right[0].mean,
            math.hypot(right[0].error, right[1].error),
            sum(callers),
        ),
        only_challenger_right=None,
        only_champion_right=None,
        p_value=None,
        callers=callers,
    )


def recommend(contest: Contest | None, policy: ExperimentPolicy) -> Recommendation:
    """Promote the challenger, keep the champion, or wait for more outcomes."""
    early = _too_early(contest, policy)
    if contest is None or early:
        return Recommendation("wait", f"cannot be judged yet: {early}")
    verdict, because = _verdict(contest, policy)
    return Recommendation(verdict, f"{_found(contest)}: {because}")


def _too_early(contest: Contest | None, policy: ExperimentPolicy) -> str:
    """What is missing before anything can be said; nothing, once it is all there."""
    known = contest.outcomes if contest else 0
    if contest is None or known < policy.outcomes:
        return f"{known:,} of {policy.outcomes:,} outcomes are known"
    if contest.callers and min(contest.callers) < policy.callers:
        return (
            f"{contest.callers[1]:,} callers were answered by it and {contest.callers[0]:,} by the "
            f"champion, and it takes {policy.callers} of each"
        )
    return ""


def _verdict(contest: Contest, policy: ExperimentPolicy) -> tuple[Verdict, str]:
    within = contest.gain_interval
    if contest.accuracy_interval.high < 0:
        return "keep", "it is wrong more often, beyond chance"
    if within.high < 0:
        return "keep", "it is worse, beyond chance"
    if within.high < policy.minimum_gain:
        return "keep", f"it does not gain the {policy.minimum_gain:g} that a promotion takes"
    if within.low <= 0:
        many = about(outcomes_to_tell(contest.gain, contest.spread))
        return "wait", f"that may be chance. Such a difference takes {many} outcomes to tell"
    if contest.gain < policy.minimum_gain:
        return "wait", "it is better, and so far by less than a promotion takes"
    return "promote", "it is better, beyond chance"


def _found(contest: Contest) -> str:
    gain, within, more = contest.gain, contest.gain_interval, contest.accuracy_difference
    return (
        f"{'gains' if gain >= 0 else 'loses'} {abs(gain):.4f} log loss on {contest.outcomes:,} "
        f"passengers (between {within.low:+.4f} and {within.high:+.4f}) and is "
        f"{abs(more) * 100:.1f} points {'more' if more >= 0 else 'less'} often right"
    )


def uneven(only_one: int, only_other: int) -> float:
    """McNemar's test: the chance of so uneven a split, or a more uneven one, of equals."""
    from titanic_model.comparison import mcnemar

    differ = only_one + only_other
    if differ <= 1000:
        return mcnemar(only_one, only_other)
    # Of so many the exact figure is the same and takes long to count.
    deviations = (abs(only_one - only_other) - 1) / math.sqrt(differ)
    return min(1.0, math.erfc(deviations / math.sqrt(2)))


def _course(gained: NDArray[np.float64]) -> Iterator[Step]:
    """The steps on the way, evenly spread; before the first tenth there is little to see."""
    many = len(gained)
    sums, squares = np.cumsum(gained), np.cumsum(gained**2)
    for after in np.unique(np.linspace(max(1, many // 10), many, _STEPS).astype(int)).tolist():
        mean = float(sums[after - 1] / after)
        spread = math.sqrt(max(0.0, squares[after - 1] / after - mean**2))
        yield Step(after, mean, interval_of(mean, spread / math.sqrt(after), after))


@dataclass(frozen=True)
class _Mean:
    """A mean over passengers whose callers were drawn, and its standard error."""

    mean: float
    error: float
    callers: int

    @classmethod
    def of(cls, values: NDArray[Any], caller: NDArray[Any]) -> _Mean:
        mean = float(values.mean())
        _, place = np.unique(caller, return_inverse=True)
        of_each = np.bincount(place, values - mean)
        callers = len(of_each)
        scale = math.sqrt(callers / (callers - 1)) if callers > 1 else 1.0
        return cls(mean, float(np.sqrt((of_each**2).sum())) / len(values) * scale, callers)
