"""From a passenger list as CSV to passengers, with Kaggle's header or titanic3's.

Other columns are ignored, an empty cell is unknown. What its cells have to be is the contract's
affair, as it is for JSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bento_service.http import Refused
from bento_service.reading import Batch, check_passenger, short, too_many
from titanic_model.contract import FIELD_NAMES, FIELDS, Passenger, column_for

_MOST_COLUMNS = 256
_NEEDED = frozenset(field.name for field in FIELDS if field.required)
_KINDS = {field.name: field.kind for field in FIELDS}
# As many digits as a number is ever written with; a text that has more is shown to be none.
_NUMBER = re.compile(r"[+-]?([0-9]{1,17}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")


def read_csv(body: bytes, most: int) -> Batch:
    """A batch from CSV."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            400, "malformed_csv", f"The list is not text in UTF-8, see byte {error.start:,}."
        ) from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        columns = _columns(header)
        named = [(place, name, _Cells(name)) for place, name in enumerate(columns) if name]
        rows = [_of_line(named, len(columns), line) for line in _filled(lines, most)]
    except csv.Error as error:
        raise Refused(400, "malformed_csv", f"Line {lines.line_num:,}: {error}.") from None
    ignored = [short(text) for text, name in zip(header, columns, strict=True) if name is None]
    return Batch(rows, tuple(ignored))


def _columns(header: Sequence[str]) -> list[str | None]:
    """What each column is to the contract; None for one that it has no use for."""
    columns = [
        name if (name := column_for(text)) in FIELD_NAMES else None
        for text in header[:_MOST_COLUMNS]
    ]
    named = [name for name in columns if name]
    if not set(named) >= _NEEDED or len(named) != len(set(named)) or len(header) > _MOST_COLUMNS:
        raise Refused(
            422,
            "invalid_input",
            f"The first line has to name the columns, pclass and sex among them, each once and "
            f"at most {_MOST_COLUMNS}; it is: {short(','.join(header[:_MOST_COLUMNS]))}",
        )
    return columns


class _Cells(dict[str, Any]):
    """What the texts in one column stand for, each worked out once; most are there many times."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._kind = _KINDS[name]

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._read(text.strip())
        return value

    def _read(self, text: str) -> Any:
        """Nothing for an empty cell; a text that is no number is refused by its own words."""
        if not text:
            return None
        if self._kind not in ("integer", "number") or not _NUMBER.fullmatch(text):
            return text
        number = float(text)
        # Tables that know only numbers with a point write 3.0 for a whole number.
        return int(number) if self._kind == "integer" and number.is_integer() else number


def _of_line(
    columns: Sequence[tuple[int, str, _Cells]], width: int, line: Sequence[str]
) -> Passenger | Refused:
    if len(line) != width:
        return Refused(422, "invalid_input", f"The row has {len(line)} values, the header {width}.")
    return check_passenger(
        {name: value for place, name, cells in columns if (value := cells[line[place]]) is not None}
    )


def _filled(lines: Iterator[list[str]], most: int) -> Iterator[list[str]]:
    for number, line in enumerate((line for line in lines if line), 1):
        if number > most:
            raise too_many(most)
        yield line
