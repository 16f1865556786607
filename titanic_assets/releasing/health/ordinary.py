"""Passengers as a model has seen many of them.

Far away from those, two models that are equally good say very different things: a straight line
goes on, a tree stays where it is. That tells of the passengers, and nothing about either model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from titanic_model.contract import FIELDS

if TYPE_CHECKING:
    from titanic_model.contract import Passenger
    from titanic_model.reference import Reference


def bounds_of(*references: Reference) -> Mapping[str, float]:
    """For each field whose topmost bin has no end, where the lowest of these bins begins.

    Of continuous fields it holds the highest tenth of the passengers that a model was trained on.
    """
    bounds: dict[str, float] = {}
    for contract in FIELDS:
        for reference in references:
            for field in reference.fields:
                if field.name != contract.name or not field.edges:
                    continue
                top = field.edges[-1]
                if contract.high is not None and contract.high > top:
                    bounds[field.name] = min(top, bounds.get(field.name, top))
    return bounds


def is_ordinary(passenger: Passenger, bounds: Mapping[str, float]) -> bool:
    """Whether nothing about the passenger lies in such a bin; what is not known does not."""
    return all((getattr(passenger, name) or 0) < bound for name, bound in bounds.items())
