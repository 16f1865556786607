"""The last predictions, by request id: outcomes are matched, and tell how good they were.

All workers share one table in memory: whichever hears of an outcome knows the prediction. Of the
last 50,000 predictions it remembers nine in ten; the prediction log remembers all. A prediction is
known to whom it was told: request ids can be guessed, and be the same of several callers.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from math import floor
from pathlib import Path
from secrets import token_bytes
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from bento_service.seats import shared_file

_SLOTS_BITS = 19
_SLOTS = 1 << _SLOTS_BITS
_ROLLING = 500
_FILE = "recent-predictions"
# A slot holds what was said and what became of it in its lowest bits, and the key in the others:
# so it is read and written at once, and each word on a prediction is about that prediction. From
# the lowest: whether there is one, what became of it in two bits, the chance said in seven.
_KNOWN, _BECAME, _CHANCE, _KEY = 0b1, 0b110, 0b1111111000, (1 << 64) - (1 << 10)
_TO_BECAME, _TO_CHANCE = 1, 3
_DIED, _SURVIVED = 1, 2  # 0 is: nothing known
# A chance is kept to the nearest of so many steps, and rounded up from the threshold on.
_STEPS = 127
_SAYS_SURVIVED = 64
_STEP = 0x9E3779B97F4A7C15  # spreads the rows of a batch evenly over the table
_MASK = (1 << 64) - 1
_unpack = Struct("<Q").unpack
_TO_PLACE = 64 - _SLOTS_BITS
_MOST_DIGITS = 9
_SALT = 16  # bytes
_LENGTH = 8 * (_SLOTS + 1) + _ROLLING + _SALT


@dataclass(frozen=True)
class Match:
    """What is known of a prediction when its outcome comes in."""

    known: bool
    repeated: bool = False
    contradicts: bool = False


@dataclass(frozen=True)
class Rolling:
    """How good the last predictions were whose outcomes are known.

    `gap` is the mean chance said minus the share that survived.
    """

    outcomes: int
    accuracy: float
    gap: float
    brier: float


class RecentPredictions:
    """What was said of whom lately, and how good that was."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._file = shared_file(self._path, _LENGTH)
        self._slots: NDArray[np.uint64] = np.frombuffer(self._file, "<u8", _SLOTS)
        self._heard: NDArray[np.int64] = np.frombuffer(self._file, "<i8", 1, 8 * _SLOTS)
        # What was said of the last and, in the lowest bit, what became of them.
        self._last: NDArray[np.uint8] = np.frombuffer(self._file, "u1", _ROLLING, 8 * (_SLOTS + 1))
        # The same as `_slots`; for a single one it is several times as fast.
        self._each = memoryview(self._file)[: 8 * _SLOTS].cast("Q")
        self._salted = blake2b(self._shared_salt(), digest_size=8).copy

    def remember(self, caller: str, request_id: str, probability: float) -> None:
        """Note one prediction."""
        if "." in request_id:  # noqa: SIM108 - read more easily
            key = self._key(caller, request_id)
        else:  # most are; that is a call less
            key = self._hash(caller, request_id)
        place = key >> _TO_PLACE
        slot = self._each[place]
        said = floor(probability * _STEPS + 0.5) << _TO_CHANCE | _KNOWN
        if (slot ^ key) & _KEY == 0:  # asked again under the same id: its outcome still counts
            said |= slot & _BECAME
        self._each[place] = key & _KEY | said

    def remember_many(
        self,
        caller: str,
        request_id: str,
        rows: NDArray[np.int64],
        probabilities: NDArray[np.float64],
    ) -> None:
        """Note the predictions of a batch, whose request ids are `request_id.row`."""
        steps = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(_STEP)
        keys = np.uint64(self._hash(caller, request_id)) + steps
        places = (keys >> np.uint64(_TO_PLACE)).astype(np.intp)
        slots = self._slots[places]
        same = (slots ^ keys) & np.uint64(_KEY) == 0
        became = np.where(same, slots & np.uint64(_BECAME), np.uint64(0))
        chances = (probabilities * _STEPS + 0.5).astype(np.uint64) << np.uint64(_TO_CHANCE)
        self._slots[places] = keys & np.uint64(_KEY) | chances | became | np.uint64(_KNOWN)

    def outcome(self, caller: str, request_id: str, survived: bool) -> Match:  # noqa: FBT001 - it is the value
        """Note what became of a passenger; the caller's first word on each counts."""
        key = self._key(caller, request_id)
        place = key >> _TO_PLACE
        # The same may be told to two workers at once.
        with self._locked():
            slot = self._each[place]
            if (slot ^ key) & _KEY or not slot & _KNOWN:
                return Match(known=False)
            before, became = (slot & _BECAME) >> _TO_BECAME, _SURVIVED if survived else _DIED
            if before:
                return Match(known=True, repeated=True, contradicts=before != became)
            self._each[place] = slot | became << _TO_BECAME
            heard = int(self._heard[0])
            self._last[heard % _ROLLING] = (slot & _CHANCE) >> _TO_CHANCE << 1 | survived
            self._heard[0] = heard + 1
        return Match(known=True)

    @property
    def rolling(self) -> Rolling | None:
        """How good the last predictions were; None before any outcome is known."""
        heard = min(int(self._heard[0]), _ROLLING)
        if not heard:
            return None
        last = self._last[:heard]
        steps, survived = last >> 1, last & 1
        chance = steps / _STEPS
        return Rolling(
            outcomes=heard,
            accuracy=float(np.mean((steps >= _SAYS_SURVIVED) == survived)),
            gap=float(np.mean(chance - survived)),
            brier=float(np.mean((chance - survived) ** 2)),
        )

    def _key(self, caller: str, request_id: str) -> int:
        """That of a batch's row follows from the batch's, so that all rows are noted at once."""
        if "." not in request_id:
            return self._hash(caller, request_id)
        base, _, row = request_id.rpartition(".")
        if row.isascii() and row.isdigit() and len(row) <= _MOST_DIGITS:
            return (self._hash(caller, base) + (int(row) + 1) * _STEP) & _MASK
        return self._hash(caller, request_id)

    def _hash(self, caller: str, request_id: str) -> int:
        # A request id has no NUL. A caller may be named by anything, half a surrogate pair too.
        hashed = self._salted()
        hashed.update(f"{request_id}\0{caller}".encode("utf-8", "surrogatepass"))
        key: int = _unpack(hashed.digest())[0]
        return key

    def _shared_salt(self) -> bytes:
        """What makes the keys such that nobody can look for two ids with the same one."""
        with self._locked():
            salt = self._file[-_SALT:]
            if not any(salt):
                salt = self._file[-_SALT:] = token_bytes(_SALT)
        return salt

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among all workers."""
        with self._path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
