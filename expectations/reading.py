"""From a chunk of raw text to the contract's types, and to the frame the expectations run on.

What a text may be is decided strictly, and the same whichever chunk it comes in:

- blanks around a value are dropped, and a value of blanks alone is nothing;
- a number is written in plain ASCII, `3`, `3.0`, `.5` and `1e2` alike; a whole number may end in
  `.0`; `NaN` and infinities are not numbers;
- letter case counts: `Male` is not `male`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from expectations.row_rules import (
    CATEGORIES,
    LINE_READABLE,
    NUMBERS,
    TEXTS,
    TITLE,
    length,
    readable,
)
from titanic_model.contract import SOURCE_ID
from titanic_model.features import TITLES, title_code


@dataclass(frozen=True)
class Numbers:
    """A text column read as numbers: null where nothing was written or it cannot be read."""

    values: pa.Array
    readable: NDArray[np.bool_]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where nothing was written."""
        return nulls(self.values) & self.readable


@dataclass(frozen=True)
class Chunk:
    """A chunk of a raw table, read: typed columns and, on the same rows, the frame to judge."""

    numbers: dict[str, Numbers]
    texts: dict[str, pa.Array]
    line_readable: NDArray[np.bool_]
    frame: pd.DataFrame

    def missing(self, name: str) -> NDArray[np.bool_]:
        """Where a field of a readable line is empty."""
        empty = self.numbers[name].missing if name in self.numbers else nulls(self.texts[name])
        return empty & self.line_readable


def nulls(array: pa.Array) -> NDArray[np.bool_]:
    """Where an array is null."""
    if array.null_count == 0:
        return np.zeros(len(array), dtype=bool)
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False))


def tidy(text: pa.Array) -> pa.Array:
    """The texts without blanks around them; nothing where nothing is left."""
    text = pc.utf8_trim_whitespace(text)
    empty = pc.equal(text, "")
    return pc.if_else(empty, None, text) if pc.any(empty).as_py() else text


def read_numbers(text: pa.Array, *, whole: bool) -> Numbers:
    """Read a text column as numbers, each different text once."""
    encoded = text.dictionary_encode()
    different = encoded.dictionary
    try:
        values = pc.cast(different, pa.float64())
        good = pc.is_finite(values)
    except pa.ArrowInvalid:
        read = [_read_number(text) for text in different.to_pylist()]
        values = pa.array(read, pa.float64(), from_pandas=False)
        good = pc.fill_null(pc.is_finite(values), True)
    if whole:
        good = pc.and_(good, pc.fill_null(pc.equal(pc.floor(values), values), True))
    values = pc.if_else(good, values, None)
    there = encoded.indices
    return Numbers(
        values=values.take(there),
        readable=pc.fill_null(good.take(there), True).to_numpy(zero_copy_only=False),
    )


def _read_number(text: str) -> float | None:
    """One number; None if nothing is written, NaN if it is not a number."""
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or "_" in text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan


def read_chunk(raw: pa.RecordBatch) -> Chunk:
    """Read a chunk of a raw table; nothing is judged yet."""
    numbers = {
        field.name: read_numbers(raw[field.name], whole=field.kind == "integer")
        for field in NUMBERS
    }
    texts = {field.name: tidy(raw[field.name]) for field in (*CATEGORIES, *TEXTS)}
    texts[SOURCE_ID] = tidy(raw[SOURCE_ID])
    line_readable = nulls(raw["unreadable"])
    return Chunk(numbers, texts, line_readable, _frame(numbers, texts, line_readable))


def _frame(
    numbers: dict[str, Numbers], texts: dict[str, pa.Array], line_readable: NDArray[np.bool_]
) -> pd.DataFrame:
    """What the row rules look at, as narrow as it can be.

    Great Expectations copies the frame for every expectation, so texts appear as lengths and
    categories, and columns of one type lie in one block. An unreadable number stands as its
    lowest allowed value: its type rule alone is to speak about it.
    """
    rows = len(line_readable)
    values = np.empty((len(NUMBERS) + len(TEXTS), rows))
    flags = np.empty((len(NUMBERS) + 1, rows), dtype=np.int8)
    for position, field in enumerate(NUMBERS):
        column = numbers[field.name]
        flags[position] = column.readable
        values[position] = column.values.to_numpy(zero_copy_only=False)
        if not column.readable.all():
            values[position][~column.readable] = field.low
    for position, field in enumerate(TEXTS, start=len(NUMBERS)):
        lengths = pc.cast(pc.utf8_length(texts[field.name]), pa.float64())
        values[position] = lengths.to_numpy(zero_copy_only=False)
    flags[-1] = line_readable
    names = [field.name for field in NUMBERS]
    categories = {field.name: _categorical(texts[field.name]) for field in CATEGORIES}
    return pd.concat(
        [
            pd.DataFrame(values.T, columns=[*names, *(length(field.name) for field in TEXTS)]),
            pd.DataFrame(flags.T, columns=[*map(readable, names), LINE_READABLE]),
            pd.DataFrame({**categories, TITLE: titles(texts["name"])}),
        ],
        axis=1,
    )


def _categorical(text: pa.Array) -> "pd.Categorical[Any]":
    """A column of few different texts."""
    encoded = text.dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(codes, pd.Index(encoded.dictionary.to_pylist(), dtype=object))


def titles(name: pa.Array) -> "pd.Categorical[str]":
    """The title in each name, by the same reading as the features."""
    found = pc.struct_field(pc.extract_regex(name, r"^[^,]*,(?P<title>[^.]*)\."), [0])
    encoded = found.dictionary_encode()
    different = [title_code(f",{title}.") for title in encoded.dictionary.to_pylist()]
    table = np.array([*different, -1], dtype=np.int8)  # the last one for names without a title
    codes = pc.fill_null(encoded.indices, len(different)).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(table[codes], pd.Index(TITLES))
