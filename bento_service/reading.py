"""From a body of JSON to passengers.

What is wrong is named with its field and what is allowed there; of what came only a short piece
is shown. Nothing is guessed from a text that should have been a number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, create_model
from pydantic_core import from_json

from bento_service.http import Refused
from titanic_model.contract import FIELD_NAMES, FIELDS, Passenger

PASSENGER_BYTES = 16 * 1024
_MOST_FIELDS = 100  # each of which is looked at
_SHOWN = 60
_IN_JSON = {None: "null", True: "true", False: "false"}
_FIELDS = {field.name: field for field in FIELDS}
_WHOLE = tuple(field.name for field in FIELDS if field.kind == "integer")
_read_one = Passenger.__pydantic_validator__.validate_json
_check_one = Passenger.__pydantic_validator__.validate_python


class PassengerBatch(BaseModel):
    """Several passengers in one request."""

    model_config = ConfigDict(extra="forbid")

    passengers: list[Passenger]


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
        passenger = _look_again(body, refusal_of(error))
    # Each field that was given has a colon. Where there are more they are in a text, as a rule.
    if body.count(b":") > len(passenger.__pydantic_fields_set__):
        content = _with_doubles(body)
        if isinstance(content, _Doubled):
            raise content.refusal
    return passenger


def read_batch(body: bytes, most: int) -> Batch:
    """`{"passengers": [...]}` from JSON."""
    try:
        # All rows are good, as they nearly always are: read in one go, in two thirds of the time.
        # The first bad one ends it, for a hostile body would make millions of errors.
        passengers: list[Passenger] = _whole_batches(most)(body).passengers
    except ValidationError:
        return _read_row_by_row(body, most)
    known = sum(len(passenger.__pydantic_fields_set__) for passenger in passengers)
    if body.count(b":") > 1 + known:  # perhaps a field that is there twice, perhaps only a text
        return _read_row_by_row(body, most)
    return Batch(passengers)


def _read_row_by_row(body: bytes, most: int) -> Batch:
    """Each row for itself, so that a bad one gets its error in its place."""
    try:
        content = from_json(body)
    except ValueError as malformed:
        raise _malformed(str(malformed)) from None
    rows = content.get("passengers") if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(rows, list):
        raise Refused(422, "invalid_input", 'A batch looks like {"passengers": [{...}, {...}]}.')
    if len(rows) > most:
        raise too_many(most)
    if body.count(b":") > 1 + sum(len(row) for row in rows if isinstance(row, dict)):
        content = _with_doubles(body)
        if isinstance(content, _Doubled):
            raise content.refusal
        rows = content["passengers"]
    return Batch([check_passenger(row) for row in rows])


@cache
def _whole_batches(most: int) -> Callable[[bytes], Any]:
    """Reads a batch of so many rows at most, or fails at the first thing that is wrong."""
    rows = Annotated[list[Passenger], FailFast(), Field(max_length=most)]
    whole = create_model("WholeBatch", __base__=PassengerBatch, passengers=(rows, ...))
    return whole.__pydantic_validator__.validate_json


def check_passenger(content: Any) -> Passenger | Refused:
    """One row of a batch."""
    if isinstance(content, dict):
        # A row of a million fields would make as many errors.
        if len(content) > _MOST_FIELDS:
            return _unknown(next(name for name in content if name not in _FIELDS))
    elif isinstance(content, _Doubled):
        return content.refusal
    else:
        return _no_passenger()
    try:
        passenger: Passenger = _check_one(content)
    except ValidationError as error:
        whole = _with_whole_numbers(content)
        return refusal_of(error) if whole is None else check_passenger(whole)
    return passenger


def _look_again(body: bytes, refusal: Refused) -> Passenger:
    """A passenger at second sight, with 3.0 for 3, or else the refusal."""
    try:
        content = from_json(body)
    except ValueError:
        raise refusal from None
    whole = _with_whole_numbers(content) if isinstance(content, dict) else None
    checked = refusal if whole is None else check_passenger(whole)
    if isinstance(checked, Refused):
        raise checked
    return checked


def _with_whole_numbers(content: dict[str, Any]) -> dict[str, Any] | None:
    """The same with 3 for 3.0, which means the same in JSON; None if there is no such number."""
    whole = {
        name: int(value)
        for name in _WHOLE
        if isinstance(value := content.get(name), float) and value.is_integer()
    }
    return {**content, **whole} if whole else None


def refusal_of(error: ValidationError) -> Refused:
    """The first thing that is wrong, as its caller can mend it."""
    detail = error.errors(include_url=False, include_context=False)[0]
    kind, place = detail["type"], detail["loc"]
    if kind == "json_invalid":
        return _malformed(detail["msg"].removeprefix("Invalid JSON: "))
    name = str(place[-1]) if place else None
    if name is not None and kind == "extra_forbidden":
        return _unknown(name)
    if name not in _FIELDS:
        return _no_passenger()
    allowed = _FIELDS[name].allowed_text
    came = "is missing" if kind == "missing" else f"is {_shown(detail['input'])}"
    return Refused(422, "invalid_input", f"{name} {came}; allowed is {allowed}.", field=name)


def too_many(most: int) -> Refused:
    """The refusal of a batch with more rows than that."""
    return Refused(413, "too_large", f"A batch has at most {most:,} passengers: send several.")


def short(text: str) -> str:
    """As much of it as is shown to whoever sent it."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@dataclass(frozen=True)
class _Doubled:
    """An object in which a field is written twice, so that nobody knows which one is meant."""

    name: str

    @property
    def refusal(self) -> Refused:
        name = short(self.name)
        message = f"The field {name!r} is there more than once."
        return Refused(422, "invalid_input", message, field=name)


def _with_doubles(body: bytes) -> Any:
    """What the JSON says, with a `_Doubled` for each object that has a field twice."""

    def keep(pairs: list[tuple[str, Any]]) -> Any:
        content = dict(pairs)
        if len(content) == len(pairs):
            return content
        for name, _ in pairs:
            if name not in content:
                return _Doubled(name)
            del content[name]
        raise AssertionError  # not all can be there once

    return json.loads(body, object_pairs_hook=keep)


def _unknown(name: str) -> Refused:
    message = f"No field {short(name)!r} here; valid are {', '.join(FIELD_NAMES)}."
    return Refused(422, "invalid_input", message, field=short(name))


def _no_passenger() -> Refused:
    message = "A passenger is a JSON object, pclass and sex being all it needs."
    return Refused(422, "invalid_input", message)


def _malformed(reason: str) -> Refused:
    return Refused(400, "malformed_json", f"The body is not JSON: {short(reason)}.")


def _shown(value: Any) -> str:
    """A value as it is shown to whoever sent it: in the words of JSON, and not at length."""
    if isinstance(value, str):
        return short(repr(value[:_SHOWN]))
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict | _Doubled):
        return "an object"
    if value is None or isinstance(value, bool):
        return _IN_JSON[value]
    return short(repr(value))
