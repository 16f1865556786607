"""Candidate and champion on the same passengers: is one better, and can that be chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from titanic_model.metrics import Floats, losses, says_survived
from titanic_model.resampling import Interval, intervals
from titanic_model.training_data import TrainingData


@dataclass(frozen=True)
class Comparison:
    """The candidate against the champion; positive figures speak for the candidate.

    `gain` is the mean paired difference in log loss. `p_value` is that of the accuracies being
    equal, by McNemar's exact test on the passengers about whom just one of the two was right.
    """

    passengers: int
    gain: float
    gain_interval: Interval
    accuracy_difference: float
    only_candidate_right: int
    only_champion_right: int
    p_value: float


def compare_models(
    data: TrainingData, candidate: Floats, champion: Floats, seed: int = 0
) -> Comparison:
    """Compare the probabilities that two models gave to the same passengers."""
    gain = losses(data.survived, champion) - losses(data.survived, candidate)

    def figures(rows: NDArray[np.intp]) -> list[float]:
        return [float(gain[rows].mean())]

    survived = data.survived == 1
    candidate_right = says_survived(candidate) == survived
    champion_right = says_survived(champion) == survived
    only_candidate = int((candidate_right & ~champion_right).sum())
    only_champion = int((champion_right & ~candidate_right).sum())
    return Comparison(
        passengers=len(data),
        gain=float(gain.mean()),
        gain_interval=intervals(figures, data.tickets_as_numbers, seed)[0],
        accuracy_difference=float(candidate_right.mean() - champion_right.mean()),
        only_candidate_right=only_candidate,
        only_champion_right=only_champion,
        p_value=mcnemar(only_candidate, only_champion),
    )


def mcnemar(only_one: int, only_other: int) -> float:
    """The chance of so uneven a split, or a more uneven one, if both were equally good.

    >>> mcnemar(3, 3)
    1.0
    """
    disagreements = only_one + only_other
    fewer = min(only_one, only_other)
    tail = sum(comb(disagreements, count) for count in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**disagreements))
