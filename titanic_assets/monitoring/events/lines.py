"""Lines of the log as rows of the tables, and why some are no events.

Many lines are validated in one go, as one list of JSON, which costs a third of doing it line by
line; only where that fails is each looked at by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from pydantic import Field, TypeAdapter, ValidationError

from titanic_assets.monitoring.events.schema import OUTCOME_SCHEMA, PREDICTION_SCHEMA, event_key
from titanic_model.contract import FIELD_NAMES
from titanic_model.events import OutcomeEvent, PredictionEvent

LONGEST_LINE = 1 << 16
TOO_LONG = f"longer than {LONGEST_LINE:,} bytes"
# 1970 to 2200: what lies beyond is no time at which anything was predicted.
_LATEST = 7_258_118_400.0

_Event = PredictionEvent | OutcomeEvent
_AnyEvent = Annotated[_Event, Field(discriminator="kind")]
# What an event is called, where the table's column has another name.
_ATTRIBUTES = {"said": "survived", **{name: f"input.{name}" for name in FIELD_NAMES}}


@dataclass(frozen=True)
class BadLine:
    """A line that is no event."""

    number: int
    reason: str
    content: bytes


@dataclass(frozen=True)
class Rows:
    """What some lines came to."""

    predictions: pa.RecordBatch
    outcomes: pa.RecordBatch
    bad: tuple[BadLine, ...] = ()


def read_lines(lines: Sequence[bytes], first: int) -> Rows:
    """The rows of these lines, of which the first has this number."""
    numbered = [(n, line) for n, line in enumerate(lines, first) if line.strip()]
    try:
        return _rows(_all_events([line for _, line in numbered]))
    except (ValueError, OverflowError, pa.ArrowException):
        return _one_by_one(numbered)


def _one_by_one(lines: Sequence[tuple[int, bytes]]) -> Rows:
    """The same, with a reason for each that is none."""
    good: list[tuple[int, bytes, _Event]] = []
    bad: list[BadLine] = []
    for number, line in lines:
        if len(line) > LONGEST_LINE:
            bad.append(BadLine(number, TOO_LONG, line[:LONGEST_LINE]))
            continue
        try:
            good.append((number, line, _one().validate_json(line)))
        except ValidationError as error:
            bad.append(BadLine(number, _reason(error), line))
    try:
        rows = _rows([event for *_, event in good])
    except (ValueError, OverflowError, pa.ArrowException):
        good, unfit = _fit(good)
        bad = sorted([*bad, *unfit], key=lambda line: line.number)
        rows = _rows([event for *_, event in good])
    return Rows(rows.predictions, rows.outcomes, tuple(bad))


def _fit(
    events: Sequence[tuple[int, bytes, _Event]],
) -> tuple[list[tuple[int, bytes, _Event]], list[BadLine]]:
    """Those that the tables can hold, and those with a number that is none."""
    good: list[tuple[int, bytes, _Event]] = []
    bad: list[BadLine] = []
    for number, line, event in events:
        try:
            _rows([event])
            good.append((number, line, event))
        except (ValueError, OverflowError, pa.ArrowException) as error:
            bad.append(BadLine(number, _reason(error), line))
    return good, bad


def _all_events(lines: Sequence[bytes]) -> list[_Event]:
    """All of them, where each line is one event; else an error."""
    if any(len(line) > LONGEST_LINE for line in lines):
        raise ValueError(TOO_LONG)
    # No text in JSON goes on after the end of a line, so what is torn stays torn.
    events = _many().validate_json(b"[" + b",\n".join(lines) + b"]")
    if len(events) != len(lines):
        raise ValueError("not one event a line")
    return events


def _rows(events: Sequence[_Event]) -> Rows:
    predictions = [event for event in events if event.kind == "prediction"]
    outcomes = [event for event in events if event.kind == "outcome"]
    return Rows(_table(predictions, PREDICTION_SCHEMA), _table(outcomes, OUTCOME_SCHEMA))


def _table(events: Sequence[_Event], schema: pa.Schema) -> pa.RecordBatch:
    if not events:
        return pa.RecordBatch.from_pylist([], schema=schema)
    columns = list(zip(*map(_reader(*schema.names[1:]), events), strict=True))
    named = dict(zip(schema.names[1:], columns, strict=True))
    times = np.array(named["time"])
    if not ((times >= 0) & (times < _LATEST)).all():
        raise ValueError("its time is none of this age")
    keys = map(event_key, named["caller"], named["request_id"])
    return pa.record_batch([pa.array(keys, pa.uint64()), *columns], schema=schema)


@cache
def _reader(*names: str) -> Callable[[_Event], tuple[Any, ...]]:
    """What takes these columns out of an event."""
    return attrgetter(*(_ATTRIBUTES.get(name, name) for name in names))


@cache
def _one() -> TypeAdapter[_Event]:
    return TypeAdapter(_AnyEvent)


@cache
def _many() -> TypeAdapter[list[_Event]]:
    return TypeAdapter(list[_AnyEvent])


def _reason(error: Exception) -> str:
    """The first thing that is wrong, in a sentence without the value: that stands beside it."""
    if not isinstance(error, ValidationError):
        return str(error).partition("\n")[0]
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
