"""Who has been seen in a list before, and under which number a passenger is kept.

Both grow with the list: 37 bytes a passenger, so that five million need below 200 MB.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]

# Greater numbers of a source are taken for something else than a running number.
GREATEST_OWN_ID = 2**31 - 1


@dataclass(frozen=True)
class Sighting:
    """Rows and where they stand: batch, line, label."""

    batch: Integers
    line: Integers
    label: Integers

    def at(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Sighting":
        """Some of them."""
        return Sighting(self.batch[rows], self.line[rows], self.label[rows])


class SeenPassengers:
    """The first sighting of every passenger, found again by the passenger's key.

    Keys are compared by 64 bits of a hash salted anew in every process: among five million
    passengers two are mistaken for one another in less than one run in a million.
    """

    def __init__(self) -> None:
        """Nobody has been seen."""
        self._hashes = np.empty(0, dtype=np.int64)  # sorted; the others are in the same order
        self._batch = np.empty(0, dtype=np.int32)
        self._line = np.empty(0, dtype=np.int64)
        self._label = np.empty(0, dtype=np.int8)

    def add(self, keys: pa.Array, rows: Sighting) -> tuple[NDArray[np.intp], Sighting]:
        """Note these rows, in order; the positions seen before, and where they were seen first."""
        texts = keys.to_numpy(zero_copy_only=False)
        hashes = np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts))
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        starts = np.ones(len(ordered), dtype=bool)
        starts[1:] = ordered[1:] != ordered[:-1]
        firsts = order[starts]
        candidates = ordered[starts]
        place = np.searchsorted(self._hashes, candidates)
        known = np.zeros(len(candidates), dtype=bool)
        inside = place < len(self._hashes)
        known[inside] = self._hashes[place[inside]] == candidates[inside]

        # Each row's passenger, as a position among `candidates`, and whether the row is a repeat.
        passenger = np.cumsum(starts) - 1
        repeated = np.flatnonzero(~starts | known[passenger])
        repeated = repeated[np.argsort(order[repeated])]
        who = passenger[repeated]
        first = rows.at(firsts[who])
        earlier = known[who]
        stored = place[who[earlier]]
        first.batch[earlier] = self._batch[stored]
        first.line[earlier] = self._line[stored]
        first.label[earlier] = self._label[stored]

        new = ~known
        self._hashes = np.insert(self._hashes, place[new], candidates[new])
        self._batch = np.insert(self._batch, place[new], rows.batch[firsts[new]])
        self._line = np.insert(self._line, place[new], rows.line[firsts[new]])
        self._label = np.insert(self._label, place[new], rows.label[firsts[new]])
        return order[repeated], first


class PassengerNumbers:
    """The numbers that passengers are looked up by, each given once, in the order of the rows."""

    def __init__(self) -> None:
        """No number is taken."""
        self._taken = np.empty(0, dtype=np.int64)
        self._highest = 0

    def assign(self, wanted: Integers) -> Integers:
        """For each row the number it wants if that is free, else the one above all others.

        A row that wants none, or none that could be a running number, asks for 0.
        """
        free = (wanted > 0) & (wanted <= GREATEST_OWN_ID) & ~self._is_taken(wanted)
        if not free.any():
            numbers = np.arange(self._highest + 1, self._highest + 1 + len(wanted))
        elif free.all() and (np.diff(np.sort(wanted)) > 0).all():
            numbers = wanted
        else:
            numbers = self._one_by_one(wanted, free)
        if len(numbers):
            ordered = np.sort(numbers)
            self._taken = np.insert(self._taken, np.searchsorted(self._taken, ordered), ordered)
            self._highest = int(self._taken[-1])
        return numbers

    def _is_taken(self, wanted: Integers) -> NDArray[np.bool_]:
        if not len(self._taken):
            return np.zeros(len(wanted), dtype=bool)
        place = np.minimum(np.searchsorted(self._taken, wanted), len(self._taken) - 1)
        return np.equal(self._taken[place], wanted)

    def _one_by_one(self, wanted: Integers, free: NDArray[np.bool_]) -> Integers:
        """Where rows compete for numbers, the earlier row has the first choice."""
        highest = self._highest
        given: set[int] = set()
        numbers: list[int] = []
        for number, is_free in zip(wanted.tolist(), free.tolist(), strict=True):
            choice = number if is_free and number not in given else highest + 1
            highest = max(highest, choice)
            given.add(choice)
            numbers.append(choice)
        return np.array(numbers, dtype=np.int64)
