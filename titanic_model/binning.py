"""Many values into the bins of a field at once: a window's, or a whole column of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.reference import FieldReference

Binning = Callable[[Sequence[Any] | NDArray[Any]], NDArray[np.intp]]


def binning(reference: FieldReference) -> Binning:
    """`reference.bin_of` for many values."""
    missing = len(reference.shares) - 1
    if reference.categories:
        places = {category: place for place, category in enumerate(reference.categories)}
        return lambda values: np.array([places.get(value, missing) for value in values], np.intp)
    edges = np.array(reference.edges, np.float64)

    def into_bins(values: Sequence[Any] | NDArray[Any]) -> NDArray[np.intp]:
        numbers = np.array(values, np.float64)  # None becomes NaN
        return np.where(np.isnan(numbers), missing, np.searchsorted(edges, numbers, side="right"))

    return into_bins
