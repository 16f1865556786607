"""Online drift: how far the last predictions are from what the live model was trained on.

Bins, reference, index and rule are those of the drift report (titanic_model.reference). Requests
only leave their passengers here; a few times a second they are put into bins, all at once, and into
a file that all workers read, so whichever is asked tells of all. A killed worker takes with it what
it has not put there yet. Whom a challenger answered is a passenger like others, without a score.
"""

from __future__ import annotations

import fcntl
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bento_service.seats import shared_file
from titanic_model.binning import Binning, binning
from titanic_model.contract import Passenger
from titanic_model.reference import (
    DRIFT_FIELDS,
    SCORE,
    THRESHOLD,
    Drift,
    FieldReference,
    Reference,
    Unknown,
)

FIELDS = (*DRIFT_FIELDS, SCORE)

_NONE = 255  # the bin of a score that is not there; no field has so many
# Added to the bin of a score where the caller did not know so much: others are then given.
_NAMELESS, _CABINLESS = 128, 64
_BIN = 63
_DIGEST = 64
_HEADER = _DIGEST + 8
_ROW = np.dtype([("time", "<f8"), ("bins", "u1", (len(FIELDS),))])
_NOTHING: NDArray[np.void] = np.empty(0, _ROW)
_FLAGS = "drift-flags"

_Waiting = tuple[float, Passenger, float | None]


@dataclass(frozen=True)
class FieldDrift:
    """One field in the window."""

    judgement: Drift
    counts: tuple[int, ...]
    reference: FieldReference

    @property
    def index(self) -> float:
        """How far it is from the reference."""
        return self.judgement.index

    @property
    def bar(self) -> float:
        """What the index has to exceed."""
        return self.judgement.bar

    @property
    def judged(self) -> bool:
        """Whether there are enough; of scores there may be fewer than of passengers."""
        return self.judgement.enough

    @property
    def drifted(self) -> bool:
        """Whether it has moved."""
        return self.judgement.drifted


@dataclass(frozen=True)
class Window:
    """The last predictions of all workers."""

    digest: bytes
    size: int
    predictions: int
    fields: Mapping[str, FieldDrift]

    @property
    def full(self) -> bool:
        """Whether there are enough to tell drift from chance."""
        return self.predictions >= self.size


@dataclass(frozen=True, eq=False)
class _Followed:
    """The release that is compared with, and what waits to be put into its bins."""

    digest: bytes
    reference: Reference
    binnings: Mapping[str, Binning]
    waiting: deque[_Waiting] = field(repr=False)


class DriftWindow:
    """This worker's predictions, and the view of the last ones of all workers together."""

    def __init__(self, folder: Path, seat: int, size: int, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        self._folder = folder
        self._size = size
        # Any worker may have been asked all of the last predictions, so each keeps that many.
        self._file = shared_file(folder / f"drift-{seat}", _HEADER + size * _ROW.itemsize)
        self._written: NDArray[np.int64] = np.frombuffer(self._file, "<i8", 1, _DIGEST)
        self._ring: NDArray[np.void] = np.frombuffer(self._file, _ROW, size, _HEADER)
        self._flags = _Flags(folder / _FLAGS)
        self._followed: _Followed | None = None
        # Whoever asks for the window puts into bins first, in whichever thread.
        self._lock = threading.Lock()

    def follow(self, digest: str, reference: Reference) -> None:
        """Compare with this release's reference from now on.

        The window begins anew, unless a dead worker's share for the same release lies here.
        """
        followed = _Followed(
            digest.encode().ljust(_DIGEST)[:_DIGEST],
            reference,
            {name: binning(reference.field(name)) for name in FIELDS},
            deque(maxlen=self._size),
        )
        with self._lock:
            self._followed = followed
            if self._file[:_DIGEST] != followed.digest:
                self._written[0] = 0
                self._file[:_DIGEST] = followed.digest
            self._flags.begin(followed.digest)

    def add(
        self, reference: Reference, when: float, passenger: Passenger, probability: float | None
    ) -> None:
        """Take in one answer, under the champion with this reference, and what that one said."""
        followed = self._followed
        if followed is not None and followed.reference is reference:
            followed.waiting.append((when, passenger, probability))

    def add_many(
        self,
        reference: Reference,
        when: float,
        passengers: Sequence[Passenger],
        probabilities: Sequence[float | None],
    ) -> None:
        """Take in a batch; of a long one only the last are still in the window."""
        followed = self._followed
        if followed is not None and followed.reference is reference:
            last = slice(-self._size, None)
            followed.waiting.extend(
                (when, passenger, probability)
                for passenger, probability in zip(
                    passengers[last], probabilities[last], strict=True
                )
            )

    def flush(self) -> None:
        """Put what waits into bins, where all workers see it."""
        with self._lock:
            followed = self._followed
            if followed is None or not followed.waiting:
                return
            taken = [followed.waiting.popleft() for _ in range(len(followed.waiting))]
            times, passengers, probabilities = zip(*taken, strict=True)
            rows = np.empty(len(taken), _ROW)
            rows["time"] = times
            known = [passenger.__dict__ for passenger in passengers]
            for place, name in enumerate(FIELDS):
                values = probabilities if name == SCORE else [values[name] for values in known]
                rows["bins"][:, place] = followed.binnings[name](values)
            rows["bins"][[not values["name"] for values in known], -1] |= _NAMELESS
            rows["bins"][[not values["cabin"] for values in known], -1] |= _CABINLESS
            rows["bins"][[probability is None for probability in probabilities], -1] = _NONE
            written = int(self._written[0])
            self._ring[np.arange(written, written + len(rows)) % self._size] = rows
            self._written[0] = written + len(rows)

    def window(self) -> Window | None:
        """The last predictions of all; None as long as there is nothing to compare with."""
        self.flush()
        followed = self._followed
        if followed is None:
            return None
        files = self._folder.glob("drift-[0-9]*")
        rows = np.concatenate([_NOTHING, *(self._share(path, followed) for path in files)])
        if len(rows) > self._size:
            rows = rows[np.argsort(rows["time"], kind="stable")[-self._size :]]
        fields = {}
        for place, name in enumerate(FIELDS):
            counted = rows["bins"][:, place]
            if name == SCORE:
                counted = counted[counted != _NONE]
                reference = followed.reference.scores(_unknown(counted))
                counted = counted & _BIN
            else:
                reference = followed.reference.field(name)
            counts = np.bincount(counted, minlength=len(reference.shares)).tolist()
            judgement = followed.reference.judge(reference, counts, self.threshold)
            fields[name] = FieldDrift(judgement, tuple(counts), reference)
        return Window(followed.digest, self._size, len(rows), fields)

    def newly_drifted(self, window: Window) -> list[str]:
        """The fields that have begun to drift since any worker looked last."""
        drifted = [window.full and field.drifted for field in window.fields.values()]
        before = self._flags.change(window.digest, drifted)
        return [
            name
            for name, now, then in zip(window.fields, drifted, before, strict=True)
            if now and not then
        ]

    def _share(self, path: Path, followed: _Followed) -> NDArray[np.void]:
        """What lies there of one worker's predictions, the oldest first."""
        content = path.read_bytes()
        if len(content) < _HEADER + self._size * _ROW.itemsize:
            return _NOTHING  # just being made
        if content[:_DIGEST] != followed.digest:
            return _NOTHING  # of another release
        written = int(np.frombuffer(content, "<i8", 1, _DIGEST)[0])
        ring = np.frombuffer(content, _ROW, self._size, _HEADER)
        return ring[:written] if written <= self._size else np.roll(ring, -written % self._size)


def _unknown(scores: NDArray[np.uint8]) -> Unknown:
    """How little callers knew of those whom these scores are about."""
    named = scores[scores & _NAMELESS == 0]
    return Unknown(
        name=1 - len(named) / len(scores) if len(scores) else 0.0,
        cabin=float(np.mean(named & _CABINLESS > 0)) if len(named) else 0.0,
    )


class _Flags:
    """Which fields drift already, known to all workers so that only one of them counts it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = shared_file(path, _DIGEST + len(FIELDS))

    def begin(self, digest: bytes) -> None:
        """None does, of another release."""
        with self._path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._file[:_DIGEST] != digest:
                self._file[:] = digest + bytes(len(FIELDS))

    def change(self, digest: bytes, drifted: Sequence[bool]) -> Sequence[bool]:
        """Note which do, and return which did; a worker behind the others changes nothing."""
        with self._path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._file[:_DIGEST] != digest:
                return [True] * len(drifted)
            before = [bool(flag) for flag in self._file[_DIGEST:]]
            self._file[_DIGEST:] = bytes(drifted)
            return before
