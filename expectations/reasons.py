"""Why rows were refused, in words: the two last columns of the quarantine table."""

from collections.abc import Iterable, Sequence
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from expectations.passengers import Sighting
from expectations.rule import Rule

# A refused value can be a whole misread line; so much of it is enough to recognise it by.
_LONGEST_VALUE = 80


def put_in_words(rule: Rule, rows: pa.RecordBatch) -> pa.Array:
    """What each of these raw rows has done to break the rule."""
    pieces: list[pa.Array | str] = []
    for text, column, _, _ in Formatter().parse(rule.wrong):
        pieces.append(text)
        if column is not None:
            pieces.append(_quoted(rows[column]))
    return pc.binary_join_element_wise(*pieces, pa.repeat("", len(rows)), "")


def _quoted(values: pa.Array) -> pa.Array:
    """The values, shortened, and visible where they are empty."""
    short = pc.utf8_slice_codeunits(values, 0, _LONGEST_VALUE)
    cut = pc.binary_join_element_wise(short, "…", "")
    values = pc.if_else(pc.greater(pc.utf8_length(values), _LONGEST_VALUE), cut, values)
    values = pc.fill_null(values, "nothing")
    return pc.if_else(pc.equal(values, ""), "nothing", values)


def of_duplicates(sources: Sequence[str], first: Sighting, label: NDArray[np.int64]) -> pa.Array:
    """Of which row each repeats the passenger, and whether it contradicts that row."""
    words = []
    for batch, line, then, now in zip(
        first.batch.tolist(), first.line.tolist(), first.label.tolist(), label.tolist(), strict=True
    ):
        contradiction = f", and contradicts it: survived {then} there, {now} here"
        words.append(
            f"the same passenger as in {sources[batch]} line {line}"
            + (contradiction if then != now else "")
        )
    return pa.array(words, pa.string())


def collect(
    rows: int, refusals: Iterable[tuple[str, NDArray[np.intp], pa.Array]]
) -> tuple[pa.Array, pa.Array]:
    """The rules each row broke, and the reasons joined, from (rule, positions, reasons)."""
    refusals = list(refusals)
    names = np.array([name for name, _, _ in refusals], dtype=object)
    broke = np.zeros((rows, len(refusals)), dtype=bool)
    columns = []
    for position, (_, places, reasons) in enumerate(refusals):
        broke[places, position] = True
        spread = np.full(rows, -1, dtype=np.int64)
        spread[places] = np.arange(len(places))
        columns.append(reasons.take(pa.array(spread, mask=spread < 0)))
    offsets = np.concatenate(([0], np.cumsum(broke.sum(axis=1)))).astype(np.int32)
    rules = pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(names[np.nonzero(broke)[1]], pa.string())
    )
    return rules, pc.binary_join_element_wise(*columns, "; ", null_handling="skip")
