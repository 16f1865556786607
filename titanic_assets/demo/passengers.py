"""Who asks in the demo: the packaged passengers, and others who are older and paid more.

What becomes of the newcomers is made up, by a rule that anybody can check: who paid
`TICKET_TO_A_BOAT` pounds or more survives, man or woman; all others fare as the passenger of the
packaged list that they are made from.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from titanic_model.contract import FIELDS, LABEL
from titanic_model.schemas import PACKAGED_LIST

YEARS_OLDER = 15.0
TIMES_THE_FARE = 3.0
TICKET_TO_A_BOAT = 100.0
_HIGHEST_FARE = 1900.0
_SEED = 1912


@dataclass(frozen=True)
class Guest:
    """A passenger as the API takes one, and what became of him."""

    passenger: Mapping[str, Any]
    survived: bool


def ordinary_guests(count: int) -> list[Guest]:
    """So many of the packaged list, drawn at random, each at most once."""
    chance = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    return chance.sample(_packaged(), count)


def newcomers(count: int) -> list[Guest]:
    """So many who are older, paid more, and are nobody of the packaged list."""
    chance = random.Random(_SEED + 1)  # noqa: S311 - reproducible, not secret
    return [_newcomer(guest) for guest in chance.sample(_packaged(), count)]


def _newcomer(guest: Guest) -> Guest:
    before = guest.passenger
    age, fare = before["age"], before["fare"]
    surname, _, rest = before["name"].partition(",")
    # Nobody is a boy any more; who goes by that title would be refused as a training row.
    name = f"{surname}-Newcomer,{rest.replace(' Master.', ' Mr.')}"
    passenger = {
        **before,
        "name": name,
        # Families still share one.
        "ticket": f"N {before['ticket']}",
        "age": age and age + YEARS_OLDER,
        "fare": fare and min(fare * TIMES_THE_FARE, _HIGHEST_FARE),
    }
    rich = (passenger["fare"] or 0) >= TICKET_TO_A_BOAT
    return Guest(passenger, rich or guest.survived)


def _packaged() -> list[Guest]:
    with PACKAGED_LIST.open(newline="") as file:
        return [Guest(_passenger(row), row[LABEL] == "1") for row in csv.DictReader(file)]


def _passenger(row: Mapping[str, str]) -> dict[str, Any]:
    kinds: dict[str, type] = {"integer": int, "number": float, "category": str, "text": str}
    return {
        field.name: kinds[field.kind](row[field.name]) if row[field.name] else None
        for field in FIELDS
    }
