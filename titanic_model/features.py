"""The feature transform: from what is known of a passenger to the numbers a model sees.

One set of formulae serves both callers. Training passes whole numpy columns, serving passes one
passenger's plain values; only `where` differs between the two. Nothing here is fitted: what is
missing stays NaN for the persisted pipeline to deal with.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Raised whenever the formulae change: a release names the version it was trained with.
FEATURE_VERSION = 1

INPUTS = ("pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "name", "cabin")

TITLES = ("Mr", "Mrs", "Miss", "Master", "rank")
_TITLE_OF = {"Mr": 0, "Mrs": 1, "Mme": 1, "Miss": 2, "Ms": 2, "Mlle": 2, "Master": 3}
_RANK = 4  # Dr, Rev, Col, Lady, the Countess: a profession or a rank instead of a plain title
_NO_TITLE = -1
_BOY_BELOW = 15.0
DECKS = "ABCDEFGT"

MEANINGS: dict[str, str] = {
    "pclass": "ticket class as a number",
    "first_class": "1 in first class",
    "third_class": "1 in third class",
    "female": "1 for women and girls",
    "female_third_class": "1 for women and girls in third class",
    "age": "age in years",
    "child": f"1 below {_BOY_BELOW:g} years",
    "sibsp": "siblings and spouses aboard",
    "parch": "parents and children aboard",
    "family_size": "the passenger and all relatives aboard",
    "alone": "1 without relatives aboard",
    "large_family": "1 in a family of more than four",
    "fare": "price of the ticket",
    "log_fare": "logarithm of one plus the fare",
    "fare_per_person": "fare divided by family size",
    "class_fare": "class times fare",
    "age_fare": "age times fare",
    "age_class": "age times class",
    "embarked_c": "1 if embarked at Cherbourg",
    "embarked_q": "1 if embarked at Queenstown",
    "embarked_s": "1 if embarked at Southampton",
    "title_mr": "1 for Mr",
    "title_mrs": "1 for Mrs and Mme",
    "title_miss": "1 for Miss, Ms and Mlle",
    "title_master": "1 for Master, a boy",
    "title_rank": "1 for a profession or rank: Dr, Rev, Col, Lady",
    "cabin_known": "1 if a cabin is entered in the list",
    "deck": "deck of the cabin, 1 for A and so on down, 0 unknown",
}
FEATURES: tuple[str, ...] = tuple(MEANINGS)

Value = Any  # a Python number for one passenger, a numpy array for a column of them


def title_code(name: str | None) -> int:
    """Which of `TITLES` a name carries ("Kelly, Mr. James"), or -1 when it carries none."""
    if not name:
        return _NO_TITLE
    _, comma, rest = name.partition(",")
    if not comma:
        return _NO_TITLE
    title, dot, _ = rest.partition(".")
    return _TITLE_OF.get(title.strip(), _RANK) if dot else _NO_TITLE


def deck_code(cabin: str | None) -> int:
    """The deck of a cabin, 1 for A and so on down the ship, 0 when it is not known.

    A few entries name the F or G deck before the cabin ("F G73"); the first letter counts.
    """
    return DECKS.find(cabin[0].upper()) + 1 if cabin else 0


class _Algebra(NamedTuple):
    """The operations whose spelling differs between one value and a column of values."""

    where: Callable[[Value, Value, Value], Value]
    log1p: Callable[[Value], Value]


_ONE = _Algebra(where=lambda condition, yes, no: yes if condition else no, log1p=math.log1p)
_MANY = _Algebra(where=np.where, log1p=np.log1p)


def _formulae(
    pclass: Value, female: Value, age: Value, sibsp: Value, parch: Value, fare: Value,
    port: Value, title: Value, deck: Value, algebra: _Algebra,
) -> tuple[Value, ...]:  # fmt: skip
    """Every feature, in the order of `FEATURES`."""
    where = algebra.where
    family = sibsp + parch + 1
    alone = family == 1
    child = age < _BOY_BELOW
    # Callers often have no name. Sex, age and company then say which title was likely.
    guessed = where(female, where(alone | child, 2, 1), where(child, 3, 0))
    title = where(title == _NO_TITLE, guessed, title)
    return (
        pclass,
        pclass == 1,
        pclass == 3,
        female,
        female & (pclass == 3),
        age,
        child,
        sibsp,
        parch,
        family,
        alone,
        family > 4,
        fare,
        algebra.log1p(fare),
        fare / family,
        pclass * fare,
        age * fare,
        age * pclass,
        port == 0,
        port == 1,
        port == 2,
        title == 0,
        title == 1,
        title == 2,
        title == 3,
        title == 4,
        deck > 0,
        deck,
    )  # fmt: skip


_PORTS = {"C": 0, "Q": 1, "S": 2}
_NAN = float("nan")


def derive_row(passenger: Mapping[str, Any]) -> NDArray[np.float32]:
    """The features of one passenger as a float32 vector.

    >>> row = derive_row({"pclass": 3, "sex": "male", "age": 22.0, "sibsp": 1, "parch": 0})
    >>> float(row[FEATURES.index("family_size")])
    2.0
    """
    get = passenger.get
    age = get("age")
    fare = get("fare")
    return np.array(
        _formulae(
            passenger["pclass"],
            passenger["sex"] == "female",
            _NAN if age is None else age,
            get("sibsp") or 0,
            get("parch") or 0,
            _NAN if fare is None else fare,
            _PORTS.get(get("embarked") or "", -1),
            title_code(get("name")),
            deck_code(get("cabin")),
            _ONE,
        ),
        dtype=np.float32,
    )


class _Remembered(dict[Any, int]):
    """A code worked out once per distinct text; ports and cabins repeat, names do not."""

    def __init__(self, code: Callable[[Any], int]) -> None:
        super().__init__()
        self._code = code

    def __missing__(self, text: Any) -> int:
        code = self[text] = self._code(text)
        return code


def derive_columns(columns: Mapping[str, Iterable[Any]]) -> NDArray[np.float32]:
    """The features of many passengers, one row each, from columns named as in `INPUTS`.

    `pclass` to `fare` are numeric with NaN for what is missing, the others are texts or None.
    A column that is absent counts as missing throughout.
    """
    pclass = np.asarray(columns["pclass"], dtype=np.float64)
    rows = len(pclass)

    def numbers(name: str, otherwise: float) -> NDArray[np.float64]:
        if name not in columns:
            return np.full(rows, otherwise)
        return np.asarray(columns[name], dtype=np.float64)

    def codes(name: str, code: Callable[[Any], int]) -> NDArray[np.int8]:
        values = columns[name] if name in columns else repeat(None, rows)
        return np.fromiter(map(code, values), dtype=np.int8, count=rows)

    # By columns, as they are filled here and as tables store them.
    matrix = np.empty((rows, len(FEATURES)), dtype=np.float32, order="F")
    features = _formulae(
        pclass,
        np.asarray(columns["sex"], dtype=object) == "female",
        numbers("age", _NAN),
        numbers("sibsp", 0.0),
        numbers("parch", 0.0),
        numbers("fare", _NAN),
        codes("embarked", _Remembered(lambda port: _PORTS.get(port, -1)).__getitem__),
        codes("name", title_code),
        codes("cabin", _Remembered(deck_code).__getitem__),
        _MANY,
    )
    for position, feature in enumerate(features):
        matrix[:, position] = feature
    return matrix
