"""Intervals that hold at all looks together, for whoever looks again and again.

A test that is right 19 times in 20 when looked at once sooner or later calls any two things
different. These are confidence sequences: wider than an interval that is looked at once, and the
truth is never outside of any of them in 19 of 20 cases.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.resampling import Interval

# How often, over all looks together, the truth may lie outside.
_ALPHA = 0.05
# The sequence is narrowest, for what it promises, at about so many passengers.
_NARROWEST_AT = 1000
_MOST = 10_000_000


def reach(many: Any) -> Any:
    """How far a mean of so many may ever be from the truth, in deviations of one of them.

    Robbins' normal mixture, as an asymptotic confidence sequence of Waudby-Smith and others (2021).
    """
    twice = -2 * math.log(_ALPHA)
    mixed = (twice + math.log(twice) + 1) / _NARROWEST_AT * many
    return np.sqrt(2 * (mixed + 1) / (many * mixed) * np.log(np.sqrt(mixed + 1) / _ALPHA))


def interval_of(mean: float, error: float, many: int) -> Interval:
    """Where a mean over so many lies, given its standard error."""
    far = error * math.sqrt(many) * reach(many)
    return Interval(mean - far, mean + far)


def interval_of_mean(values: NDArray[np.float64]) -> Interval:
    """Where the mean of what these were drawn from lies."""
    many = len(values)
    return interval_of(float(values.mean()), float(values.std()) / math.sqrt(many), many)


def outcomes_to_tell(difference: float, spread: float) -> int | None:
    """How many outcomes it takes to tell such a mean difference from none; None: ten million."""
    low, high = 1, _MOST
    if abs(difference) <= spread * reach(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if spread * reach(middle) < abs(difference):
            high = middle
        else:
            low = middle + 1
    return low


def about(many: int | None) -> str:
    """So many outcomes in words, as exactly as anybody can know it.

    >>> about(63_805), about(None)
    ('about 64,000', 'more than 10,000,000')
    """
    if many is None:
        return f"more than {_MOST:,}"
    unit = 10 ** max(0, len(str(many)) - 2)
    return f"about {round(many / unit) * unit:,}"
