"""How a model behaves where no label is needed: what must not matter, what must, what is plain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from titanic_model import golden
from titanic_model.features import derive_row
from titanic_model.metrics import THRESHOLD
from titanic_model.scorer import Scorer

Passenger = Mapping[str, Any]
Kind = Literal["invariance", "direction", "minimum"]

_SAME = 1e-6
_MOSTLY = 0.8
_CHILD = 5.0


@dataclass(frozen=True)
class Behaviour:
    """One expectation of a model, and what was found."""

    name: str
    kind: Kind
    passed: bool
    measured: float
    explanation: str


def behaviours(scorer: Scorer) -> tuple[Behaviour, ...]:
    """Put a model through everything that is expected of it."""
    ship = _ship()

    def scores(passengers: Iterable[Passenger]) -> NDArray[np.float32]:
        return scorer.score(np.stack([derive_row(passenger) for passenger in passengers]))

    def invariance(name: str, changed: list[Passenger], explanation: str) -> Behaviour:
        moved = float(np.abs(scores(ship) - scores(changed)).max())
        return Behaviour(name, "invariance", moved <= _SAME, moved, explanation)

    def direction(
        name: str, better: list[Passenger], worse: list[Passenger], explanation: str
    ) -> Behaviour:
        ahead = float((scores(better) > scores(worse)).mean())
        return Behaviour(name, "direction", ahead >= _MOSTLY, ahead, explanation)

    together = scores(ship)
    apart = np.concatenate([scores([one]) for one in ship])
    moved = float(np.abs(together - apart).max())
    corners = scores(golden.PASSENGERS)
    lady = float(scores([_passenger(1, "female", 30.0, name="Gray, Mrs. Edith")])[0])
    labourer = float(scores([_passenger(3, "male", 30.0, name="Gray, Mr. Edwin")])[0])
    adults = [one for one in ship if one["age"] != _CHILD]
    boys = [one for one in ship if one["age"] == _CHILD and one["sex"] == "male"]
    steerage = [one for one in ship if one["pclass"] == 3]
    return (
        invariance(
            "what else is in a name does not matter",
            [
                {**one, "name": _named(one["sex"], one["age"], "O'Mallory-Zhou", "Q. (née Mr)")}
                for one in ship
            ],
            "Another surname and other first names with the same title change nothing.",
        ),
        invariance(
            "the ticket number does not matter",
            [{**one, "ticket": "PC 17599"} for one in ship],
            "A ticket tells nothing that a model may use.",
        ),
        Behaviour(
            "company in a batch does not matter",
            "invariance",
            moved <= _SAME,
            moved,
            "A passenger scored alone and among others gets the same probability.",
        ),
        direction(
            "women before men",
            [_as(one, "female") for one in adults],
            [_as(one, "male") for one in adults],
            "Of a woman and a man alike in all else, the woman has the better chance.",
        ),
        direction(
            "first class before third",
            [{**one, "pclass": 1, "fare": _FARES[1]} for one in ship],
            [{**one, "pclass": 3, "fare": _FARES[3]} for one in ship],
            "In first class, at its usual fare, the chance is better than in third.",
        ),
        direction(
            "boys before men",
            boys,
            [{**one, "age": 30.0, "name": "Gray, Mr. Edwin"} for one in boys],
            "A boy of five has a better chance than a man of thirty in the same place.",
        ),
        direction(
            "large families fare worse",
            steerage,
            [{**one, "sibsp": 5, "parch": 2} for one in steerage],
            "In third class, seven relatives aboard lower the chance.",
        ),
        Behaviour(
            "a lady of the first class survives",
            "minimum",
            lady >= THRESHOLD,
            lady,
            "A woman of thirty in first class is said to survive.",
        ),
        Behaviour(
            "a man alone in third class does not",
            "minimum",
            labourer < THRESHOLD,
            labourer,
            "A man of thirty in third class is said to die.",
        ),
        Behaviour(
            "every passenger gets a probability",
            "minimum",
            bool(((corners >= 0) & (corners <= 1)).all()),
            float(((corners >= 0) & (corners <= 1)).mean()),
            "Values at their limits, or missing, give a number from 0 to 1.",
        ),
    )


# Roughly what a ticket of each class cost.
_FARES = {1: 60.0, 2: 20.0, 3: 8.0}


def _ship() -> list[Passenger]:
    """Every class and sex at several ages, alone and with relatives."""
    return [
        _passenger(ticket_class, sex, age, name=_named(sex, age), sibsp=others, parch=others)
        for ticket_class, sex, age, others in product(
            (1, 2, 3), ("female", "male"), (_CHILD, 25.0, 45.0, None), (0, 1)
        )
    ]


def _passenger(ticket_class: int, sex: str, age: float | None, **others: Any) -> Passenger:
    return {
        "pclass": ticket_class,
        "sex": sex,
        "age": age,
        "fare": _FARES[ticket_class],
        "embarked": "S",
        **others,
    }


def _as(passenger: Passenger, sex: str) -> Passenger:
    """The same passenger as of the other sex, with the title that goes with it."""
    return {**passenger, "sex": sex, "name": _named(sex, passenger["age"])}


def _named(sex: str, age: float | None, surname: str = "Gray", first: str = "Robin") -> str:
    child = age is not None and age < 15
    title = {("female", True): "Miss", ("female", False): "Mrs", ("male", True): "Master"}.get(
        (sex, child), "Mr"
    )
    return f"{surname}, {title}. {first}"
