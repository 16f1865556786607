"""Back from features to what was known of a passenger, as far as a model can tell.

Whoever asks "what if the sex were another" or "what do we see in the field `fare`" has to change
or read the input and derive the features again, because many of them hang on one input. Names and
cabins come back as the shortest text with the same title and deck.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.features import DECKS, FEATURES, TITLES, derive_columns

Columns = dict[str, NDArray[Any]]

# What each input is called where its importance is shown.
SPOKEN = {"name": "title", "cabin": "deck"}
# What many callers do not know, and what is then left of a passenger.
OFTEN_UNKNOWN = ("name", "cabin")
# In which ways: who gives a name does not always give a cabin.
WAYS_TO_BE_UNKNOWN = (("cabin",), OFTEN_UNKNOWN)

_NAMES = np.array([f"x, {'Dr' if title == TITLES[-1] else title}. x" for title in TITLES], object)
_CABINS = np.array([None, *DECKS], object)
_PORTS = np.array(["C", "Q", "S", None], object)


def known_of(matrix: NDArray[Any]) -> Columns:
    """The inputs from which `derive_columns` makes this matrix."""

    def feature(name: str) -> NDArray[np.floating[Any]]:
        # Lists give four decimals at most; rounding undoes what float32 did to them.
        return np.round(matrix[:, FEATURES.index(name)].astype(np.float64), 4)

    def which(*names: str) -> NDArray[np.intp]:
        flags = np.stack([feature(name) for name in names], axis=1) == 1
        return np.where(flags.any(axis=1), flags.argmax(axis=1), len(names))

    ports = which("embarked_c", "embarked_q", "embarked_s")
    titles = which(*(f"title_{title.lower()}" for title in TITLES))
    return {
        **{name: feature(name) for name in ("pclass", "age", "sibsp", "parch", "fare")},
        "sex": np.where(feature("female") == 1, "female", "male").astype(object),
        "embarked": _PORTS[ports],
        "name": _NAMES[titles],
        "cabin": _CABINS[feature("deck").astype(np.int64)],
    }


def without(columns: Columns, names: tuple[str, ...]) -> NDArray[np.float32]:
    """The features of the same passengers when these inputs are not known."""
    return derive_columns({name: values for name, values in columns.items() if name not in names})
