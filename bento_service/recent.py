"""The last predictions, by request id, so that outcomes can be matched and accuracy be told.

All workers share one table in memory: whichever hears of an outcome knows the prediction. It
remembers about the last 65,000; the prediction log remembers all.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SLOTS = 1 << 16
_ROLLING = 500
_ROW = np.dtype([("key", "<u8"), ("said", "u1"), ("became", "u1"), ("pad", "V6")])
_TABLE = _SLOTS * _ROW.itemsize
_FILE = "recent-predictions"
_NO, _YES = 1, 2  # 0 is: nothing known
_STEP = 0x9E3779B97F4A7C15  # spreads the rows of a batch over the table
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Match:
    """What is known of a prediction when its outcome comes in."""

    known: bool
    repeated: bool = False
    contradicts: bool = False


class RecentPredictions:
    """What was said of whom lately, and how often it was right."""

    def __init__(self, folder: Path) -> None:
        length = _TABLE + 8 + _ROLLING
        with (folder / _FILE).open("a+b") as file:
            # Several workers may do this at once: growing it to the same length does no harm.
            os.ftruncate(file.fileno(), length)
            self._file = mmap.mmap(file.fileno(), length)
        self._table: NDArray[np.void] = np.frombuffer(self._file, _ROW, _SLOTS)
        self._keys = self._table["key"]
        self._heard: NDArray[np.int64] = np.frombuffer(self._file, "<i8", 1, _TABLE)
        self._right: NDArray[np.uint8] = np.frombuffer(self._file, "u1", _ROLLING, _TABLE + 8)
        self._view = memoryview(self._file)
        self._eights = self._view[:_TABLE].cast("Q")

    def remember(self, request_id: str, survived: bool) -> None:  # noqa: FBT001 - it is the value
        """Note one prediction."""
        key = _key(request_id)
        place = (key & (_SLOTS - 1)) << 1
        self._eights[place] = key
        self._eights[place + 1] = _YES if survived else _NO

    def remember_many(
        self, request_id: str, rows: NDArray[np.int64], survived: NDArray[np.bool_]
    ) -> None:
        """Note the predictions of a batch, whose request ids are `request_id.row`."""
        steps = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(_STEP)
        keys = np.uint64(_hash(request_id)) + steps
        places = (keys & np.uint64(_SLOTS - 1)).astype(np.intp)
        self._keys[places] = keys
        self._table["said"][places] = np.where(survived, _YES, _NO)
        self._table["became"][places] = 0

    def outcome(self, request_id: str, survived: bool) -> Match:  # noqa: FBT001 - it is the value
        """Note what became of a passenger; the first word on each counts."""
        key = _key(request_id)
        row = self._table[key & (_SLOTS - 1)]
        if int(row["key"]) != key:
            return Match(known=False)
        became = _YES if survived else _NO
        if row["became"]:
            return Match(known=True, repeated=True, contradicts=int(row["became"]) != became)
        row["became"] = became
        place = int(self._heard[0]) % _ROLLING
        self._right[place] = _YES if int(row["said"]) == became else _NO
        self._heard[0] += 1
        return Match(known=True)

    @property
    def outcomes(self) -> int:
        """How many outcomes the rolling accuracy is made of."""
        return min(int(self._heard[0]), _ROLLING)

    @property
    def rolling_accuracy(self) -> float | None:
        """The share of right answers among the last outcomes; None before there are any."""
        heard = self.outcomes
        return float(np.mean(self._right[:heard] == _YES)) if heard else None


def _key(request_id: str) -> int:
    """Equal for a batch's row however it is written down; 0 stands for an empty place."""
    base, dot, row = request_id.rpartition(".")
    if dot and row.isascii() and row.isdigit() and len(row) < 7:
        return (_hash(base) + (int(row) + 1) * _STEP) & _MASK
    return _hash(request_id)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") or 1
