"""From a passenger list as CSV to passengers, with Kaggle's header or titanic3's.

Other columns are ignored, an empty cell is unknown. What its cells have to be is the contract's
affair, as it is for JSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Annotated, Any

from pydantic import FailFast, ValidationError, create_model

from bento_service.http import Refused
from bento_service.reading import Batch, check_passenger, short, too_many
from titanic_model.contract import FIELD_NAMES, FIELDS, ContractField, Passenger, column_for

_MOST_COLUMNS = 256
_NEEDED = frozenset(field.name for field in FIELDS if field.required)
# As many digits as a number is ever written with; a text that has more is shown to be none.
_NUMBER = re.compile(r"[+-]?([0-9]{1,17}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
_whole_columns: dict[str, Any] = {
    name: Annotated[list[field], FailFast()]  # type: ignore[valid-type] # mypy knows no such types
    for name, field in Passenger.__annotations__.items()
}
_validate = create_model(
    "Columns", __config__=Passenger.model_config, **_whole_columns
).__pydantic_validator__.validate_python
_new, _set = Passenger.__new__, object.__setattr__


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
        cells_of = itemgetter(*(place for place, name in enumerate(columns) if name))
        rows = [
            cells_of(line) if len(line) == len(columns) else _misfit(line, columns)
            for line in islice(filter(None, lines), most + 1)
        ]
    except csv.Error as error:
        raise Refused(400, "malformed_csv", f"Line {lines.line_num:,}: {error}.") from None
    if len(rows) > most:
        raise too_many(most)
    fitting = [row for row in rows if not isinstance(row, Refused)]
    passengers = _passengers([name for name in columns if name], fitting)
    if len(fitting) < len(rows):
        rest = iter(passengers)
        passengers = [row if isinstance(row, Refused) else next(rest) for row in rows]
    ignored = [short(text) for text, name in zip(header, columns, strict=True) if name is None]
    return Batch(passengers, tuple(ignored))


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


def _misfit(line: Sequence[str], columns: Sequence[Any]) -> Refused:
    message = f"The row has {len(line)} values, the header {len(columns)}."
    return Refused(422, "invalid_input", message)


def _passengers(
    names: Sequence[str], rows: Sequence[Sequence[str]]
) -> Sequence[Passenger | Refused]:
    """Of each row of cells the passenger, or what is wrong."""
    cells = {name: map(itemgetter(place), rows) for place, name in enumerate(names)}
    columns = {
        field.name: list(map(_Cells(field).__getitem__, cells[field.name]))
        if field.name in cells
        else [field.default] * len(rows)
        for field in FIELDS
    }
    try:
        return _check(columns)  # all rows are good, as they nearly always are
    except ValidationError:
        known = (zip(columns, row, strict=True) for row in zip(*columns.values(), strict=True))
        return [
            check_passenger({name: value for name, value in row if value is not None})
            for row in known
        ]


def _check(columns: Mapping[str, list[Any]]) -> list[Passenger]:
    """All passengers from a column for each field, or ValidationError.

    No rule of the contract is about two fields, so good columns make good rows, which need not be
    checked again: that takes half the time.
    """
    checked = _validate(columns).__dict__
    names = set(checked)
    passengers = []
    for values in zip(*checked.values(), strict=True):
        # What `Passenger.model_construct` does, for which it takes longer than a check would.
        passenger = _new(Passenger)
        _set(passenger, "__dict__", dict(zip(checked, values, strict=True)))
        _set(passenger, "__pydantic_fields_set__", names)
        _set(passenger, "__pydantic_extra__", None)
        _set(passenger, "__pydantic_private__", None)
        passengers.append(passenger)
    return passengers


class _Cells(dict[str, Any]):
    """What the texts in one column stand for, each worked out once; most are there many times."""

    def __init__(self, field: ContractField) -> None:
        super().__init__()
        self._field = field

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._read(text.strip())
        return value

    def _read(self, text: str) -> Any:
        """The default for an empty cell; a text that is no number is refused by its own words."""
        if not text:
            return self._field.default
        if self._field.kind not in ("integer", "number") or not _NUMBER.fullmatch(text):
            return text
        number = float(text)
        # Tables that know only numbers with a point write 3.0 for a whole number.
        return int(number) if self._field.kind == "integer" and number.is_integer() else number
