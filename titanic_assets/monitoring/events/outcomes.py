"""What became of the passengers, found by the key of the prediction.

Nine bytes an outcome: ten million of them are ninety megabytes, and no prediction is held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class OutcomeIndex:
    """Keys in order, and whether each of them survived."""

    keys: NDArray[np.uint64]
    survived: NDArray[np.bool_]

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch]) -> OutcomeIndex:
        """Of outcomes in any order; where somebody said two things, the first one counts."""
        keys = np.empty(0, np.uint64)
        times = np.empty(0, np.float64)
        survived = np.empty(0, np.bool_)
        waiting: list[pa.RecordBatch] = []

        def join() -> None:
            nonlocal keys, times, survived
            keys = np.concatenate([keys, *(_numbers(b, "key") for b in waiting)])
            times = np.concatenate([times, *(_numbers(b, "time") for b in waiting)])
            survived = np.concatenate([survived, *(_numbers(b, "survived") for b in waiting)])
            order = np.lexsort((times, keys))
            keys, times, survived = keys[order], times[order], survived[order]
            first = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
            keys, times, survived = keys[first], times[first], survived[first]
            waiting.clear()

        for batch in batches:
            waiting.append(batch)
            # As often as it doubles: each outcome is sorted a few times, however many there are.
            if sum(map(len, waiting)) > max(len(keys), 1 << 16):
                join()
        if waiting:
            join()
        return cls(keys, survived)

    def look_up(self, keys: pa.Array) -> pa.Array:
        """What became of each; null where nobody has said."""
        wanted = keys.to_numpy(zero_copy_only=False)
        if not len(self.keys):
            return pa.nulls(len(wanted), pa.bool_())
        found = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return pa.array(self.survived[found], mask=self.keys[found] != wanted)


def _numbers(batch: pa.RecordBatch, column: str) -> NDArray[np.generic]:
    values: NDArray[np.generic] = batch.column(column).to_numpy(zero_copy_only=False)
    return values
