"""Passengers with known answers, by which a loaded release proves that it computes as it did.

They are invented, cover every field's corners, and go through the whole way from plain input to
probability, so that a release and the code around it are checked together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.features import derive_row
from titanic_model.scorer import Scorer

TOLERANCE = 1e-5

Input = Mapping[str, Any]

PASSENGERS: tuple[Input, ...] = (
    {"pclass": 3, "sex": "male"},
    {"pclass": 1, "sex": "female"},
    {"pclass": 2, "sex": "female", "age": 120.0, "sibsp": 20, "parch": 20, "fare": 2000.0},
    {"pclass": 3, "sex": "male", "age": 0.0, "sibsp": 0, "parch": 0, "fare": 0.0},
    {"pclass": 1, "sex": "male", "age": 47.0, "fare": 52.0, "embarked": "S", "cabin": "C104"},
    {"pclass": 1, "sex": "male", "age": 36.5, "fare": 76.7292, "embarked": "C", "cabin": "T"},
    {"pclass": 2, "sex": "male", "age": 0.8333, "sibsp": 1, "parch": 1, "fare": 29.0},
    {"pclass": 3, "sex": "female", "age": 22.0, "fare": 7.75, "embarked": "Q"},
    {
        "pclass": 3, "sex": "male", "age": 9.0, "sibsp": 4, "parch": 2, "fare": 31.275,
        "embarked": "S", "name": "Harbour, Master. Samuel", "ticket": "347 082",
    },
    {
        "pclass": 1, "sex": "female", "age": 38.0, "sibsp": 1, "parch": 0, "fare": 71.2833,
        "embarked": "C", "name": "Lindqvist, Mrs. Anna (Marie Beck)", "cabin": "B57 B59 B63",
    },
    {
        "pclass": 2, "sex": "male", "age": 54.0, "fare": 26.0, "embarked": "S",
        "name": "Wells, Rev. John", "ticket": "28 551", "cabin": "F G73",
    },
    {
        "pclass": 3, "sex": "female", "sibsp": 1, "parch": 3, "fare": 23.45, "embarked": "S",
        "name": "Novak, Miss. Ida", "ticket": "W./C. 6607", "cabin": "",
    },
)  # fmt: skip


@dataclass(frozen=True)
class GoldenRow:
    """A passenger as a client would send it, and the probability it has to get."""

    passenger: Input
    probability: float


def golden_rows(scorer: Scorer) -> tuple[GoldenRow, ...]:
    """What this model says to the golden passengers."""
    scores = scorer.score(_derive(PASSENGERS))
    return tuple(
        GoldenRow(passenger, float(score))
        for passenger, score in zip(PASSENGERS, scores, strict=True)
    )


def largest_deviation(scorer: Scorer, rows: tuple[GoldenRow, ...]) -> float:
    """How far the answers are from the expected ones, at worst. More than `TOLERANCE` is wrong."""
    expected = np.array([row.probability for row in rows])
    return float(
        np.abs(scorer.score(_derive(tuple(row.passenger for row in rows))) - expected).max()
    )


def _derive(passengers: tuple[Input, ...]) -> NDArray[np.float32]:
    return np.stack([derive_row(passenger) for passenger in passengers])
