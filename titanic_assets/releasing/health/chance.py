"""How far chance alone may carry what was counted: bounds that are wrong once in a thousand times.

A release is looked at every few seconds, so bounds that are wrong once in twenty would soon be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Of a normal distribution one in 1,000 lies beyond on either side together.
_DEVIATIONS = 3.3


def share_between(count: int, of: int) -> tuple[float, float]:
    """Between which shares the true one lies, by Wilson's interval.

    >>> [round(bound, 2) for bound in share_between(30, 100)]
    [0.17, 0.46]
    """
    if not of:
        return 0.0, 1.0
    share, square = count / of, _DEVIATIONS**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = (
        _DEVIATIONS
        / (1 + square / of)
        * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    )
    return max(0.0, middle - reach), min(1.0, middle + reach)


def risen_at_least(before: tuple[int, int], after: tuple[int, int]) -> float:
    """By how much a share has risen at least, by Newcombe's interval of the difference.

    >>> round(risen_at_least((0, 1000), (50, 1000)), 3)
    0.03
    """
    was, is_now = (count / of if of else 0.0 for count, of in (before, after))
    _, was_at_most = share_between(*before)
    is_at_least, _ = share_between(*after)
    return is_now - was - math.hypot(is_now - is_at_least, was_at_most - was)


@dataclass(frozen=True)
class Latency:
    """How long 19 of 20 answers took at most, and how long at least beyond chance; milliseconds."""

    answers: int
    p95: float
    at_least: float


def latency_of(milliseconds: Sequence[float]) -> Latency | None:
    """The 95th percentile, and below which it hardly lies, by ranks; None without any answers."""
    if not milliseconds:
        return None
    ordered = sorted(milliseconds)
    many = len(ordered)
    rank, reach = 0.95 * many, _DEVIATIONS * math.sqrt(0.95 * 0.05 * many)

    def at(place: float) -> float:
        return ordered[min(max(math.ceil(place) - 1, 0), many - 1)]

    return Latency(many, at(rank), at(rank - reach))
