"""Passengers for the tests of the graph: rows as they stand in a list."""

import csv
import random

from titanic_model.schemas import PACKAGED_LIST

HEADER = [
    "pclass", "survived", "name", "sex", "age", "sibsp", "parch", "ticket", "fare", "cabin",
    "embarked",
]  # fmt: skip


def new_passengers(count, *, first=1, **changes):
    """People who could have been aboard: rows of the packaged list under other names."""
    with PACKAGED_LIST.open() as file:
        people = list(csv.DictReader(file))
    chance = random.Random(first)  # noqa: S311 - reproducible, not secret
    rows = []
    for number in range(first, first + count):
        row = chance.choice(people)
        row = {**row, "name": row["name"].replace(",", f" {number},", 1), "ticket": f"new {number}"}
        rows.append({name: {**row, **changes}[name] for name in HEADER})
    return rows


def against_the_pattern(count):
    """Plausible rows whose fates are the reverse of what sex made likely."""
    rows = new_passengers(count, first=5000)
    return [{**row, "survived": int(row["sex"] == "male")} for row in rows]
