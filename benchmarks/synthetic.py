"""Passenger lists of any length, in which almost everybody is somebody else.

Rows are drawn from the packaged list; a running number keeps names and tickets apart, two to a
ticket, so that uniqueness and families cost what they would in a real list of that size. In every
200 rows one breaks a rule and one repeats the row before it, so that the quarantine has work too.
"""

import csv
import io
import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from titanic_model.schemas import PACKAGED_LIST

EVERY = 200

# What is changed in a row to make it a wrong one. The numbers stay numbers, because a column with
# other texts in it costs pandas far more than it costs the graph.
WRONG: tuple[dict[str, str], ...] = (
    {"pclass": "4"},
    {"sex": "unknown"},
    {"age": "200"},
    {"sibsp": "99"},
    {"parch": "99"},
    {"fare": "-1"},
    {"embarked": "X"},
    {"survived": "7"},
    {"sex": "female", "name": "Braund, Mr. Owen Harris"},
    {"sex": "male", "name": "Cumings, Mrs. John Bradley"},
    {"sex": "male", "age": "40", "name": "Rice, Master. Eric"},
    {"sex": "female", "age": "9", "name": "Nasser, Mrs. Nicholas"},
)


def write_synthetic(rows: int, path: Path) -> None:
    """Write `rows` passengers as CSV under titanic3's header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_lines(rows))


def _lines(rows: int) -> Iterator[str]:
    with PACKAGED_LIST.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        people = list(reader)
        header = list(reader.fieldnames or ())
    good = [_template(person, header) for person in people]
    wrong = cycle([_template({**people[0], **change}, header) for change in WRONG])
    chance = random.Random(0)  # noqa: S311 - the same list every time is the point
    yield ",".join(header) + "\n"
    line = ""
    for number in range(rows):
        place = number % EVERY
        if place != EVERY - 1:
            template = next(wrong) if place == EVERY // 2 else chance.choice(good)
            line = template.format(number, number // 2)
        yield line


def _template(person: dict[str, str], header: list[str]) -> str:
    """The person's line, with room for a number behind the name and one behind the ticket."""
    line = io.StringIO()
    numbered = {**person, "name": person["name"] + " {0}", "ticket": person["ticket"] + "-{1}"}
    csv.writer(line, lineterminator="\n").writerow([numbered[name] for name in header])
    return line.getvalue()
