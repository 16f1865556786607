"""Online drift: how far the last predictions are from what the live model was trained on.

Bins, reference and index are those of the drift report (titanic_model.reference). Each worker
keeps its share of the window in a file that all of them read, so whichever is asked tells of all.
"""

from __future__ import annotations

import mmap
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from titanic_model.contract import Passenger
from titanic_model.reference import DRIFT_FIELDS, SCORE, FieldReference, Reference

THRESHOLD = 0.2  # what is customary for the population stability index
FIELDS = (*DRIFT_FIELDS, SCORE)

_MOST_BINS = 16
_DIGEST = 64
_COUNTS = len(FIELDS) * _MOST_BINS
_HEADER = _DIGEST + 16
_BEGIN_RING = _HEADER + 4 * _COUNTS
_FLAGS = "drift-flags"


@dataclass(frozen=True)
class FieldDrift:
    """One field in the window."""

    index: float
    counts: tuple[int, ...]
    reference: FieldReference

    @property
    def drifted(self) -> bool:
        """Whether it has moved."""
        return self.index > THRESHOLD


@dataclass(frozen=True)
class Window:
    """The last predictions of all workers."""

    size: int
    predictions: int
    fields: Mapping[str, FieldDrift]

    @property
    def full(self) -> bool:
        """Whether there are enough to tell drift from chance."""
        return self.predictions >= self.size


class DriftWindow:
    """This worker's share of the window, and the view of all shares together."""

    def __init__(self, folder: Path, seat: int, workers: int, size: int) -> None:
        self._folder = folder
        self._size = size
        self._share = -(-size // workers)
        self._file = _map(folder / f"drift-{seat}", _BEGIN_RING + self._share * len(FIELDS))
        self._flags = _map(folder / _FLAGS, len(FIELDS))
        view = memoryview(self._file)
        # How many are in the ring, and where the next goes.
        self._state = view[_DIGEST:_HEADER].cast("q")
        self._counts = view[_HEADER:_BEGIN_RING].cast("i")
        self._ring = view[_BEGIN_RING:]
        self._bins: tuple[tuple[int, str, Callable[[Any], int]], ...] = ()
        self._reference: Reference | None = None
        self._digest = b""
        # Batches are counted in threads, and the follower of releases is one.
        self._lock = threading.Lock()
        self._until_look = self._look_every = max(1, self._share // 4)

    def follow(self, digest: str, reference: Reference) -> None:
        """Compare with this release's reference from now on.

        The window begins anew, unless a dead worker's share for the same release lies here.
        """
        bins = tuple(
            (place * _MOST_BINS, name, _binning(reference.field(name)))
            for place, name in enumerate(FIELDS)
        )
        with self._lock:
            self._bins = bins
            self._reference = reference
            self._digest = digest.encode().ljust(_DIGEST)
            if self._file[:_DIGEST] != self._digest:
                self._file[:_BEGIN_RING] = self._digest + bytes(_BEGIN_RING - _DIGEST)
                self._flags[:] = bytes(len(FIELDS))

    def add(self, passenger: Passenger, probability: float) -> bool:
        """Count one prediction; returns whether it is time to look at the window."""
        with self._lock:
            return self._add(passenger, probability)

    def _add(self, passenger: Passenger, probability: float) -> bool:
        state, counts, ring = self._state, self._counts, self._ring
        held, place = state[0], state[1]
        values = passenger.__dict__
        at = place * len(FIELDS)
        full = held == self._share
        for offset, name, bin_of in self._bins:
            number = bin_of(probability if name == SCORE else values[name])
            if full:
                counts[offset + ring[at]] -= 1
            counts[offset + number] += 1
            ring[at] = number
            at += 1
        state[0] = held if full else held + 1
        state[1] = (place + 1) % self._share
        self._until_look -= 1
        if self._until_look > 0:
            return False
        self._until_look = self._look_every
        return True

    def add_many(self, passengers: Sequence[Passenger], probabilities: Sequence[float]) -> bool:
        """Count the predictions of a batch; of a long one only the last are still in the window."""
        look = False
        for passenger, probability in zip(
            passengers[-self._share :], probabilities[-self._share :], strict=True
        ):
            look = self.add(passenger, probability) or look
        return look

    def window(self) -> Window | None:
        """All workers' shares together; None as long as there is nothing to compare with."""
        if self._reference is None:
            return None
        shares = [share for path in self._folder.glob("drift-[0-9]*") if (share := self._of(path))]
        counts = [sum(column) for column in zip(*(counts for _, counts in shares), strict=True)]
        fields = {}
        for place, name in enumerate(FIELDS):
            reference = self._reference.field(name)
            begin = place * _MOST_BINS
            seen = tuple(counts[begin : begin + len(reference.shares)])
            fields[name] = FieldDrift(reference.drift(seen), seen, reference)
        return Window(self._size, sum(held for held, _ in shares), fields)

    def newly_drifted(self, window: Window) -> list[str]:
        """The fields that have begun to drift since any worker looked last."""
        begun = []
        for place, (name, field) in enumerate(window.fields.items()):
            drifted = window.full and field.drifted
            if drifted and not self._flags[place]:
                begun.append(name)
            self._flags[place] = drifted
        return begun

    def close(self) -> None:
        """Let go of the files."""
        for view in (self._state, self._counts, self._ring):
            view.release()
        self._file.close()
        self._flags.close()

    def _of(self, path: Path) -> tuple[int, Sequence[int]] | None:
        content = path.read_bytes()
        if len(content) < _BEGIN_RING or content[:_DIGEST] != self._digest:
            return None  # of another release, or just being made
        view = memoryview(content)
        return view[_DIGEST:_HEADER].cast("q")[0], view[_HEADER:_BEGIN_RING].cast("i").tolist()


def _binning(reference: FieldReference) -> Callable[[Any], int]:
    """The same as `reference.bin_of`, which it is checked against, in a third of the time."""
    missing = len(reference.shares) - 1
    if len(reference.shares) > _MOST_BINS:
        raise ValueError(f"{reference.name} has more than {_MOST_BINS} bins")
    if reference.categories:
        places = {category: place for place, category in enumerate(reference.categories)}
        return lambda value: places.get(value, missing)
    edges = reference.edges
    return lambda value: missing if value is None else bisect_right(edges, value)


def _map(path: Path, length: int) -> mmap.mmap:
    """The file in memory; made of zeros, or what a dead worker has left."""
    with path.open("a+b") as file:
        if file.tell() != length:
            file.truncate(0)
            file.truncate(length)
        return mmap.mmap(file.fileno(), length)
