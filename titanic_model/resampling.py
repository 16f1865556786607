"""How sure a figure is: intervals from resampled passengers, families drawn as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
_CONFIDENCE = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """Where a figure lies with 95 % confidence."""

    low: float
    high: float


def intervals(
    figures: Callable[[NDArray[np.intp]], list[float]], tickets: NDArray[np.int64], seed: int = 0
) -> list[Interval]:
    """The intervals of figures that are computed from the positions of some passengers.

    Tickets are drawn, not passengers: a family shares its fate, and counting its members as
    independent would make every figure look surer than it is.
    """
    chance = np.random.default_rng(seed)
    order = np.argsort(tickets, kind="stable")
    families = np.split(order, np.flatnonzero(np.diff(tickets[order])) + 1)
    drawn: list[list[float]] = []
    for _ in range(RESAMPLES):
        picks = chance.integers(len(families), size=len(families))
        drawn.append(figures(np.concatenate([families[pick] for pick in picks])))
    table: NDArray[Any] = np.nanpercentile(np.array(drawn), _CONFIDENCE, axis=0)
    return [Interval(float(low), float(high)) for low, high in table.T]
