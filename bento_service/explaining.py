"""Why a passenger gets this probability: each field's share in the distance to a typical passenger.

The shares are exact Shapley values: every mixture of the two passengers is scored by the model
itself, in one call. What is said about them in words is left to `sentences`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bento_service.sentences import portray, say_contribution, summarise
from titanic_model.contract import FIELDS, ContractField, Passenger
from titanic_model.features import INPUTS, deck_code, derive_columns, title_code
from titanic_model.reference import FieldReference, Reference

Score = Callable[[NDArray[np.float32]], NDArray[np.float64]]

# What the model sees of a text: two names with the same title are the same name to it.
_SEEN_AS: dict[str, Callable[[Any], int]] = {"name": title_code, "cabin": deck_code}
_TEXTS = ("sex", "embarked", *_SEEN_AS)
_DECILES = 9


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one field moved the probability, and by which value instead of which."""

    field: str
    value: int | float | str | None
    reference_value: int | float | str | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Two passengers, their probabilities, and the difference shared out among the fields."""

    passenger: Passenger
    probability: float
    reference: Passenger
    reference_probability: float
    contributions: tuple[Contribution, ...]
    """Those of all fields that the model reads, the largest first."""

    def content(self) -> dict[str, Any]:
        """The explanation as it is sent, in numbers and in words."""
        shares = {share.field: share.contribution for share in self.contributions}
        return {
            "reference": {
                "passenger": self.reference.model_dump(),
                "probability": self.reference_probability,
                "text": portray(self.reference),
            },
            "contributions": [
                {
                    "field": share.field,
                    "value": share.value,
                    "reference_value": share.reference_value,
                    "contribution": share.contribution,
                    "sentence": say_contribution(share.field, self.passenger, share.contribution),
                }
                for share in self.contributions
            ],
            "summary": summarise(
                self.passenger,
                self.probability,
                self.reference,
                self.reference_probability,
                shares,
            ),
        }


def explain(passenger: Passenger, reference: Passenger, score: Score) -> Explanation:
    """Share the distance between the two passengers' probabilities out among their fields."""
    moved = [name for name in INPUTS if _differs(name, passenger, reference)]
    mixtures, weights = _plan(len(moved))
    probabilities = score(_mix(moved, mixtures, passenger, reference))
    shares = dict(zip(moved, (weights @ probabilities).tolist(), strict=True))
    contributions = [
        Contribution(
            name, getattr(passenger, name), getattr(reference, name), shares.get(name, 0.0)
        )
        for name in INPUTS
    ]
    contributions.sort(key=lambda share: -abs(share.contribution))
    return Explanation(
        passenger=passenger,
        probability=float(probabilities[-1]),
        reference=reference,
        reference_probability=float(probabilities[0]),
        contributions=tuple(contributions),
    )


def _differs(name: str, passenger: Passenger, reference: Passenger) -> bool:
    """Whether the model can tell the two apart by this field; a value not known is one too."""
    seen_as = _SEEN_AS.get(name)
    here, there = getattr(passenger, name), getattr(reference, name)
    return bool(here != there if seen_as is None else seen_as(here) != seen_as(there))


@lru_cache
def _plan(fields: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """The mixtures of two passengers that differ in so many fields, and what they weigh.

    A row of mixtures says which fields are the passenger's own; the first row has none of them,
    the last has all. A row of weights times the probabilities is one field's Shapley value.
    """
    mixtures = (np.arange(2**fields)[:, None] >> np.arange(fields)) & 1 == 1
    if not fields:
        return mixtures, np.zeros((0, 1))
    sizes = mixtures.sum(axis=1)
    # Of all orders in which the fields may arrive, the share in which just `size` come before one.
    orders = np.array([1 / (fields * comb(fields - 1, size)) for size in range(fields)])
    joined = orders[np.maximum(sizes - 1, 0)]
    missed = -orders[np.minimum(sizes, fields - 1)]
    return mixtures, np.where(mixtures.T, joined, missed)


def _mix(
    moved: list[str], mixtures: NDArray[np.bool_], passenger: Passenger, reference: Passenger
) -> NDArray[np.float32]:
    """The features of each mixture."""
    columns: dict[str, NDArray[Any]] = {}
    for name in INPUTS:
        kind = object if name in _TEXTS else np.float64  # to which None is NaN, as features want it
        column = np.full(len(mixtures), getattr(reference, name), dtype=kind)
        if name in moved:
            column[mixtures[:, moved.index(name)]] = getattr(passenger, name)
        columns[name] = column
    return derive_columns(columns)


def typical_passenger(reference: Reference) -> Passenger:
    """The passenger in the middle of those a model was trained on, without a name or a cabin."""
    values = {
        field.name: _typical_value(field, reference.field(field.name))
        for field in FIELDS
        if field.kind != "text"
    }
    return Passenger.model_validate(values)


def _typical_value(field: ContractField, seen: FieldReference) -> int | float | str | None:
    if field.kind == "number":
        return _median(seen)
    largest = max(range(len(seen.shares)), key=seen.shares.__getitem__)
    if largest == len(seen.shares) - 1:
        return field.default  # most often it was missing
    if field.kind == "category":
        return seen.categories[largest]
    # Bins of whole numbers begin at their edge, the first one ends just below it.
    return int(seen.edges[largest - 1] if largest else seen.edges[0] - 1)


def _median(seen: FieldReference) -> float | None:
    """The middle one of the deciles; of fewer, as equal ones are merged, the one around the half.

    A decile that many passengers share has less than half of them below it and the rest not.
    """
    if not seen.edges:
        return None
    if len(seen.edges) == _DECILES:
        return float(seen.edges[_DECILES // 2])
    *known, _missing = seen.shares
    half = sum(known) / 2
    not_above = [
        edge for edge, below in zip(seen.edges, accumulate(known), strict=False) if below <= half
    ]
    return float(not_above[-1] if not_above else seen.edges[0])
