"""How good a version's answers were, once it is known what became of the passengers.

What its answers were worth before it went live is its promise. Whether it is kept, and whether its
probabilities mean what they say, is decided here; each bar is beyond what chance explains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from titanic_model.metrics import (
    CALIBRATION_BINS,
    CalibrationBin,
    Floats,
    calibration,
    calibration_error,
    measure,
)
from titanic_model.resampling import Interval

# Of a normal distribution 95 in 100 lie within so many deviations.
_DEVIATIONS = 1.959964
# So rarely may a version that keeps its promise look as if it did not, each time it is looked at.
_RARELY = 0.01
# Beyond what chance explains, so much makes a probability one that does not mean what it says.
CALIBRATION_BAR = 0.1
_DRAWS = 2000

State = Literal["too_few", "as_promised", "worse", "miscalibrated"]


@dataclass(frozen=True)
class Promise:
    """What a version was measured at on passengers it had never seen, and on how many."""

    accuracy: float
    log_loss: float
    passengers: int


@dataclass(frozen=True)
class OutcomeFigures:
    """Answers against what happened. `gap` is the mean chance said minus the share survived."""

    outcomes: int
    accuracy: float
    accuracy_interval: Interval
    log_loss: float
    brier: float
    gap: float
    # How far a chance said is off on average, and how far chance alone makes a perfect one: on
    # average, and hardly ever more.
    calibration_error: float
    error_by_chance: float
    error_hardly_by_chance: float
    calibration: tuple[CalibrationBin, ...]

    @property
    def off(self) -> float:
        """How far a chance said is off on average, without what chance adds to that."""
        return math.sqrt(max(0.0, self.calibration_error**2 - self.error_by_chance**2))

    @property
    def miscalibrated(self) -> bool:
        """Whether the probabilities do not mean what they say."""
        beyond_chance = self.calibration_error > self.error_hardly_by_chance
        return beyond_chance and self.off >= CALIBRATION_BAR


@dataclass(frozen=True)
class PromisePolicy:
    """So many outcomes before anything is said, and so much accuracy that may be lost."""

    outcomes: int = 100
    drop: float = 0.05


@dataclass(frozen=True)
class Kept:
    """Whether the promise is kept; the sentence goes on where "version 5" begins it."""

    state: State
    sentence: str
    # The chance of so few right answers if the promise held; None with too few outcomes.
    p_value: float | None = None

    @property
    def broken(self) -> bool:
        """Whether that is a reason to train anew."""
        return self.state in ("worse", "miscalibrated")


def figures_of(truth: NDArray[Any], probability: Floats) -> OutcomeFigures:
    """The figures of at least one answer whose outcome is known."""
    metrics, bins = measure(truth, probability), calibration(truth, probability)
    usual, hardly = _error_by_chance(probability)
    return OutcomeFigures(
        outcomes=len(truth),
        accuracy=metrics.accuracy,
        accuracy_interval=share_interval(round(metrics.accuracy * len(truth)), len(truth)),
        log_loss=metrics.log_loss,
        brier=metrics.brier,
        gap=float(np.mean(probability, dtype=np.float64) - np.mean(truth)),
        calibration_error=calibration_error(bins),
        error_by_chance=usual,
        error_hardly_by_chance=hardly,
        calibration=bins,
    )


def share_interval(count: int, of: int) -> Interval:
    """Wilson's interval of a share, 95 %.

    >>> round(share_interval(80, 100).low, 2)
    0.71
    """
    share, square = count / of, _DEVIATIONS**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    spread = math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    reach = _DEVIATIONS / (1 + square / of) * spread
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach))


def judge_promise(
    figures: OutcomeFigures | None, promise: Promise | None, policy: PromisePolicy
) -> Kept:
    """Decide whether a version is as good as it promised to be."""
    known = figures.outcomes if figures else 0
    if figures is None or known < policy.outcomes:
        return Kept("too_few", f"has {known:,} of the {policy.outcomes:,} outcomes it is judged by")
    said = f"was right about {figures.accuracy:.1%} of {known:,} passengers"
    p_value = None
    if promise is None:
        said += " (what it promised is not known: its release cannot be read)"
    else:
        p_value = chance_of_so_few(figures, promise)
        said += f", {promise.accuracy:.1%} were promised"
        lost = promise.accuracy - figures.accuracy
        if lost >= policy.drop and p_value < _RARELY:
            return Kept("worse", f"{said}: {lost * 100:.1f} points less, beyond chance", p_value)
    if figures.miscalibrated:
        off = (
            f"the chances it says are {figures.off * 100:.0f} points off on average, beyond what "
            "chance explains"
        )
        return Kept("miscalibrated", f"{said}, but {off}", p_value)
    return Kept("as_promised", said, p_value)


def chance_of_so_few(figures: OutcomeFigures, promise: Promise) -> float:
    """The chance of so few right answers, or fewer, if the version were as good as promised.

    The promise itself was measured, on so many passengers; that is part of what chance explains.
    """
    many, share = figures.outcomes, promise.accuracy
    right = figures.accuracy * many
    spread = math.sqrt(many * share * (1 - share) * (1 + many / max(1, promise.passengers)))
    if not spread:
        return float(right >= many * share)
    # Half a passenger more: counts are whole.
    return 0.5 * math.erfc((many * share - right - 0.5) / spread / math.sqrt(2))


def _error_by_chance(probability: Floats) -> tuple[float, float]:
    """The calibration error that chance alone makes: on average, and once in a hundred times.

    The survivors in each bin are drawn as if each chance said were true.
    """
    sure = probability.astype(np.float64)
    place = np.minimum((sure * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    spread = np.sqrt(np.bincount(place, sure * (1 - sure), minlength=CALIBRATION_BINS))
    errors = np.abs(_draws()) @ spread / len(sure)
    return float(errors.mean()), float(np.quantile(errors, 1 - _RARELY))


@cache
def _draws() -> NDArray[np.float64]:
    """The same every time, so that the same answers are judged alike."""
    return np.random.default_rng(0).standard_normal((_DRAWS, CALIBRATION_BINS))
