"""What one prediction costs, from plain input to probability."""

from __future__ import annotations

import time

from titanic_model.features import derive_row
from titanic_model.golden import PASSENGERS
from titanic_model.scorer import Scorer

_ROUNDS = 30


def microseconds_per_passenger(scorer: Scorer) -> float:
    """The time of one passenger, scored alone: the best of many short rounds.

    The best and not the mean, because whatever else the machine does only ever adds to it.
    """
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for passenger in PASSENGERS:
            scorer.score(derive_row(passenger).reshape(1, -1))
        best = min(best, time.perf_counter() - start)
    return best / len(PASSENGERS) * 1e6
