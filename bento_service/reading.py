"""From the body of a request to passengers.

What is wrong is named with its field and what is allowed there. Nothing is guessed from a text
that should have been a number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from bento_service.http import Refused
from titanic_model.contract import FIELD_NAMES, FIELDS, Passenger, column_for

PASSENGER_BYTES = 16 * 1024
_SHOWN = 60
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,15})?([eE][+-]?[0-9]{1,3})?")
_FIELDS = {field.name: field for field in FIELDS}
_read_one = Passenger.__pydantic_validator__.validate_json
_check_one = Passenger.__pydantic_validator__.validate_python


class PassengerBatch(BaseModel):
    """Several passengers in one request."""

    model_config = ConfigDict(extra="forbid")

    passengers: list[Passenger]


_read_batch = PassengerBatch.__pydantic_validator__.validate_json


@dataclass(frozen=True)
class Batch:
    """The rows of a batch in their order: a passenger each, or what is wrong with the row."""

    rows: Sequence[Passenger | Refused]
    ignored_columns: tuple[str, ...] = ()


def read_passenger(body: bytes) -> Passenger:
    """One passenger from JSON."""
    try:
        passenger: Passenger = _read_one(body)
    except ValidationError as error:
        raise refusal_of(error) from None
    return passenger


def read_batch(body: bytes, most: int) -> Batch:
    """`{"passengers": [...]}` from JSON."""
    try:
        # All good, as it nearly always is: read in one go.
        batch = _read_batch(body)
    except ValidationError as error:
        return _read_row_by_row(body, most, error)
    return Batch(_bounded(batch.passengers, most))


def read_csv(body: bytes, most: int) -> Batch:
    """A passenger list as CSV, with Kaggle's header or titanic3's; other columns are ignored."""
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = next(lines, [])
        columns = [name if (name := column_for(text)) in FIELD_NAMES else None for text in header]
        named = [name for name in columns if name]
        if not {"pclass", "sex"} <= set(named) or len(named) != len(set(named)):
            raise Refused(
                422,
                "invalid_input",
                f"The first line has to name the columns, pclass and sex among them, each once; "
                f"it is: {_short(','.join(header))}",
            )
        rows = [_of_line(columns, line) for line in _filled(lines, most)]
    except UnicodeDecodeError:
        raise Refused(400, "malformed_csv", "The list is not text in UTF-8.") from None
    except csv.Error as error:
        raise Refused(400, "malformed_csv", f"Line {lines.line_num}: {error}.") from None
    ignored = [text for text, name in zip(header, columns, strict=True) if name is None]
    return Batch(rows, tuple(ignored))


def check_passenger(content: Any) -> Passenger | Refused:
    """One row of a batch."""
    try:
        passenger: Passenger = _check_one(content)
    except ValidationError as error:
        return refusal_of(error)
    return passenger


def refusal_of(error: ValidationError) -> Refused:
    """The first thing that is wrong, as its caller can mend it."""
    detail = error.errors(include_url=False, include_context=False)[0]
    kind, place = detail["type"], detail["loc"]
    if kind == "json_invalid":
        return _malformed(detail["msg"])
    name = str(place[-1]) if place else None
    if kind == "extra_forbidden":
        message = f"No field {_short(name)!r} here; valid are {', '.join(FIELD_NAMES)}."
        return Refused(422, "invalid_input", message, field=_short(name))
    if name not in _FIELDS:
        message = "A passenger is a JSON object, pclass and sex being all it needs."
        return Refused(422, "invalid_input", message)
    allowed = _FIELDS[name].allowed_text
    came = "is missing" if kind == "missing" else f"is {_short(repr(detail['input']))}"
    return Refused(422, "invalid_input", f"{name} {came}; allowed is {allowed}.", field=name)


def _read_row_by_row(body: bytes, most: int, error: ValidationError) -> Batch:
    try:
        content = from_json(body)
    except ValueError as malformed:
        raise _malformed(str(malformed)) from None
    if (
        not isinstance(content, dict)
        or set(content) != {"passengers"}
        or not isinstance(content["passengers"], list)
    ):
        raise Refused(
            422, "invalid_input", 'A batch looks like {"passengers": [{...}, {...}]}.'
        ) from error
    return Batch([check_passenger(row) for row in _bounded(content["passengers"], most)])


def _of_line(columns: Sequence[str | None], line: Sequence[str]) -> Passenger | Refused:
    if len(line) != len(columns):
        return Refused(
            422, "invalid_input", f"The row has {len(line)} values, the header {len(columns)}."
        )
    return check_passenger(
        {
            name: _value(name, text.strip())
            for name, text in zip(columns, line, strict=True)
            if name and text.strip()
        }
    )


def _value(name: str, text: str) -> Any:
    """What a text in a list stands for; one that is no number is refused by its own words."""
    kind = _FIELDS[name].kind
    if kind in ("integer", "number") and _NUMBER.fullmatch(text):
        return int(text) if kind == "integer" and text.lstrip("+-").isdigit() else float(text)
    return text


def _filled(lines: Iterator[list[str]], most: int) -> Iterator[list[str]]:
    number = 0
    for line in lines:
        if line:
            number += 1
            if number > most:
                raise _too_many(most)
            yield line


def _bounded(rows: list[Any], most: int) -> list[Any]:
    if len(rows) > most:
        raise _too_many(most)
    return rows


def _too_many(most: int) -> Refused:
    return Refused(413, "too_large", f"A batch has at most {most:,} passengers: send several.")


def _malformed(reason: str) -> Refused:
    return Refused(400, "malformed_json", f"The body is not JSON: {_short(reason)}.")


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
