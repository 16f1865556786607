"""How good probabilities are, as numbers: what every comparison in this project is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

THRESHOLD = 0.5
CALIBRATION_BINS = 10
_NEVER_CERTAIN = 1e-7  # keeps the loss of a wrong certainty finite


@dataclass(frozen=True)
class Metrics:
    """Four views of the same predictions. `roc_auc` is NaN where everyone had the same fate."""

    accuracy: float
    roc_auc: float
    log_loss: float
    brier: float


METRIC_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Metrics))


def measure(truth: NDArray[Any], probability: Floats) -> Metrics:
    """The metrics of predicted probabilities against what happened.

    >>> measure(np.array([0, 1]), np.array([0.2, 0.8])).accuracy
    1.0
    """
    return Metrics(
        accuracy=float(np.mean(says_survived(probability) == (truth == 1))),
        roc_auc=roc_auc(truth, probability),
        log_loss=float(np.mean(losses(truth, probability))),
        brier=float(np.mean((probability.astype(np.float64) - truth) ** 2)),
    )


def says_survived(probability: Floats) -> NDArray[np.bool_]:
    """The yes or no that a probability stands for."""
    return probability >= THRESHOLD


def losses(truth: NDArray[Any], probability: Floats) -> NDArray[np.float64]:
    """Log loss passenger by passenger."""
    sure = np.clip(probability.astype(np.float64), _NEVER_CERTAIN, 1 - _NEVER_CERTAIN)
    return -np.log(np.where(truth == 1, sure, 1 - sure))


def roc_auc(truth: NDArray[Any], probability: Floats) -> float:
    """The chance that a survivor is ranked above a victim; ties count half."""
    _, rank, count = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    survived = truth == 1
    survivors = int(survived.sum())
    victims = len(truth) - survivors
    if not survivors or not victims:
        return math.nan
    above = middle[rank][survived].sum() - survivors * (survivors + 1) / 2
    return float(above / (survivors * victims))


@dataclass(frozen=True)
class CalibrationBin:
    """Passengers who were given about the same chance, and the share of them who survived."""

    low: float
    high: float
    passengers: int
    predicted: float
    observed: float


def calibration(truth: NDArray[Any], probability: Floats) -> tuple[CalibrationBin, ...]:
    """Predicted against observed survival in bins of equal width; empty bins are left out."""
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    place = np.clip(np.digitize(probability, edges) - 1, 0, CALIBRATION_BINS - 1)
    return tuple(
        CalibrationBin(
            low=float(edges[place_]),
            high=float(edges[place_ + 1]),
            passengers=int(inside.sum()),
            predicted=float(probability[inside].mean(dtype=np.float64)),
            observed=float(truth[inside].mean()),
        )
        for place_ in range(CALIBRATION_BINS)
        if (inside := place == place_).any()
    )


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """The expected calibration error: how far a predicted chance is off on average."""
    total = sum(part.passengers for part in bins)
    return sum(part.passengers * abs(part.predicted - part.observed) for part in bins) / total
