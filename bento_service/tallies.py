"""Counting that costs a request next to nothing: in plain numbers, put into metrics later.

A value that all workers share takes a lock and a write into a file for each step, six times a
request. A tally is counted and flushed in one thread, that of the event loop.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Counter, Histogram


class Tally:
    """A counter, and what is not in it yet."""

    __slots__ = ("counter", "waiting")

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.waiting = 0

    def flush(self) -> None:
        """Put it into the counter."""
        if self.waiting:
            self.counter.inc(self.waiting)
            self.waiting = 0


class Distribution:
    """A histogram with these bounds, and what is not in it yet."""

    __slots__ = ("_bounds", "_counts", "_histogram", "_sum", "_waiting")

    def __init__(self, histogram: Histogram, bounds: Sequence[float]) -> None:
        self._histogram = histogram
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._waiting = False

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value
        self._waiting = True

    def flush(self) -> None:
        """Put what was added into the histogram."""
        if self._waiting:
            self._put(self._counts, self._sum)
            self._counts = [0] * len(self._counts)
            self._sum = 0.0
            self._waiting = False

    def put(self, values: NDArray[np.float64]) -> None:
        """Put many values into the histogram at once, in whichever thread."""
        places = np.searchsorted(self._bounds, values)
        counts = np.bincount(places, minlength=len(self._counts)).tolist()
        self._put(counts, float(values.sum()))

    def _put(self, counts: Sequence[int], total: float) -> None:
        # A histogram takes values one by one only, which for a batch is as dear as scoring it.
        for bucket, many in zip(self._histogram._buckets, counts, strict=True):  # noqa: SLF001
            if many:
                bucket.inc(many)
        self._histogram._sum.inc(total)  # noqa: SLF001
