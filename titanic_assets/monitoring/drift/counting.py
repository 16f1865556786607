"""Predictions put into bins, batch by batch, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titanic_assets.monitoring.drift.report import Quality
from titanic_model.binning import Binning, binning
from titanic_model.reference import DRIFT_FIELDS, SCORE, FieldReference, Reference, Unknown

if TYPE_CHECKING:
    import pyarrow as pa

FIELDS = (*DRIFT_FIELDS, SCORE)
_NAME, _CABIN = "name", "cabin"
COLUMNS = (*FIELDS, "key", "time", "said", _NAME, _CABIN)
OUTCOME = "outcome"


@dataclass
class Counted:
    """What was counted: of all predictions the bins, of some the rows.

    `newest` is the newest prediction, by its time and its key. `rows` are the ones with the
    smallest keys, which are digests: a sample that has nothing to do with what is in them.
    """

    counts: dict[str, NDArray[np.int64]]
    predictions: int = 0
    nameless: int = 0
    named_without_cabin: int = 0
    first: float | None = None
    newest: tuple[float, int] | None = None
    outcomes: int = 0
    right: int = 0
    rows: pa.Table | None = field(default=None, repr=False)

    def reference_of(self, name: str, reference: Reference) -> FieldReference:
        """What a field is compared with: the answers with those about passengers named as often."""
        if name != SCORE:
            return reference.field(name)
        return reference.scores(self.unknown)

    @property
    def unknown(self) -> Unknown:
        """How little callers knew."""
        named = self.predictions - self.nameless
        return Unknown(
            name=self.nameless / self.predictions if self.predictions else 0.0,
            cabin=self.named_without_cabin / named if named else 0.0,
        )

    @property
    def last(self) -> float | None:
        """When the newest prediction was made."""
        return self.newest[0] if self.newest else None

    @property
    def quality(self) -> Quality | None:
        """How often what was said came true, where that is known."""
        return Quality(self.outcomes, self.right / self.outcomes) if self.outcomes else None


def count(batches: Iterable[pa.RecordBatch], reference: Reference, sample: int) -> Counted:
    """Count the predictions in these batches, and keep at most so many of them."""
    fields = {name: reference.field(name) for name in FIELDS}
    into_bins = {name: binning(each) for name, each in fields.items()}
    counted = Counted({name: np.zeros(len(f.shares), np.int64) for name, f in fields.items()})
    for batch in batches:
        for name in FIELDS:
            bins = _bins(batch.column(name), fields[name], into_bins[name])
            counted.counts[name] += np.bincount(bins, minlength=len(fields[name].shares))
        _tell_unknown(counted, batch)
        _tell_when(counted, batch)
        _tell_right(counted, batch)
        counted.rows = _sampled(counted.rows, batch, sample)
    return counted


def _bins(column: pa.Array, reference: FieldReference, into_bins: Binning) -> NDArray[np.intp]:
    if not reference.categories:
        # Nulls become NaN, which has a bin of its own.
        return into_bins(column.to_numpy(zero_copy_only=False))
    # There are two or three texts in a column of any length.
    coded = column.dictionary_encode()
    bins = into_bins([*coded.dictionary.to_pylist(), None])
    places: NDArray[np.intp] = coded.indices.fill_null(len(bins) - 1).to_numpy()
    return np.take(bins, places)


def _tell_when(counted: Counted, batch: pa.RecordBatch) -> None:
    times: NDArray[np.float64] = batch.column("time").to_numpy()
    last = float(times.max())
    at_last = batch.column("key").to_numpy()[times == last]
    newest = (last, int(at_last.max()))
    counted.predictions += len(times)
    first = float(times.min())
    counted.first = first if counted.first is None else min(counted.first, first)
    counted.newest = newest if counted.newest is None else max(counted.newest, newest)


def _tell_unknown(counted: Counted, batch: pa.RecordBatch) -> None:
    named, housed = (_known(batch.column(name)) for name in (_NAME, _CABIN))
    counted.nameless += int(np.sum(~named))
    counted.named_without_cabin += int(np.sum(named & ~housed))


def _known(texts: pa.Array) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    known: NDArray[np.bool_] = pc.fill_null(pc.greater(pc.binary_length(texts), 0), False).to_numpy(
        zero_copy_only=False
    )
    return known


def _tell_right(counted: Counted, batch: pa.RecordBatch) -> None:
    import pyarrow.compute as pc

    outcome = batch.column(OUTCOME)
    right: Any = pc.sum(pc.equal(outcome, batch.column("said"))).as_py()
    counted.outcomes += len(outcome) - outcome.null_count
    counted.right += right or 0


def _sampled(rows: pa.Table | None, batch: pa.RecordBatch, most: int) -> pa.Table:
    import pyarrow as pa

    new = pa.Table.from_batches([batch])
    both = new if rows is None else pa.concat_tables([rows, new])
    if len(both) <= most:
        return both
    smallest = np.argpartition(both["key"].to_numpy(), most)[:most]
    return both.take(np.sort(smallest)).combine_chunks()
