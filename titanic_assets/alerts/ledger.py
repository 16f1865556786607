"""The ledger of alerts: an append-only file of JSON lines, each something that happened to one.

A crash at any moment costs at most the line being written. What is read is bounded: of a file that
has grown for years, the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from titanic_assets.alerts.alert import Alert, AlertRecord
from titanic_assets.tracking.locking import held

# Some three thousand alerts.
_READ_BYTES = 4_000_000
_CLOCKS_DIFFER_SECONDS = 60.0
# What is no moment that people can be told makes a line unreadable: until the year 3000.
Moment = Annotated[float, Field(ge=0, lt=32_503_680_000)]


class _Line(BaseModel):
    # A field that a newer release adds must not make the line unreadable to this one.
    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Moment


class Raised(_Line):
    """An alert is there, to be sent where a webhook is set."""

    what: Literal["raised"] = "raised"
    id: str
    alert: Alert
    state: Literal["pending", "not_configured"]


class Repeated(_Line):
    """The same was raised again, and is not sent again."""

    what: Literal["repeated"] = "repeated"
    id: str


class Trying(_Line):
    """A message is about to be posted. Written first: who is killed then does not try at once."""

    what: Literal["trying"] = "trying"
    ids: tuple[str, ...]
    again_at: Moment


class Tried(_Line):
    """What became of a message about these alerts. Without `again_at` it is not tried again."""

    what: Literal["tried"] = "tried"
    ids: tuple[str, ...]
    sent: bool
    problem: str = ""
    again_at: Moment | None = None
    # Whether nothing at all is to be posted until then: who takes messages has asked for it.
    all_wait: bool = False


class Over(_Line):
    """The trouble that an alert was about is over."""

    what: Literal["over"] = "over"
    id: str


Line = Raised | Repeated | Trying | Tried | Over
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="what")])


@dataclass(frozen=True)
class LedgerContents:
    """What the ledger says: each alert with what became of it, oldest first."""

    records: tuple[AlertRecord, ...]
    # When messages were sent, each about one alert or about several.
    messages: tuple[float, ...] = ()
    quiet_until: float = 0.0
    unreadable: int = 0

    @cached_property
    def _by_id(self) -> dict[str, AlertRecord]:
        return {record.id: record for record in self.records}

    def record(self, record_id: str) -> AlertRecord | None:
        """The record of that id, or None."""
        return self._by_id.get(record_id)

    def open(self, key: str) -> AlertRecord | None:
        """The newest alert of that key, unless its trouble is over."""
        ours = [record for record in self.records if record.alert.key == key]
        return ours[-1] if ours and ours[-1].over is None else None


@dataclass(frozen=True)
class AlertLedger:
    """The ledger at `path`; a file that is not there yet is an empty ledger."""

    path: Path

    def records(self) -> tuple[AlertRecord, ...]:
        """Every alert and what became of it, oldest first."""
        return self.read().records

    def read(self) -> LedgerContents:
        """Everything that the end of the file tells, with the number of lines that say nothing."""
        return fold(self._lines())

    def append(self, line: Line) -> None:
        """Write down for good what happened."""
        with held(self._lock):
            self._append(line)

    def enter(
        self, alert: Alert, now: float, *, repeat_seconds: float, configured: bool
    ) -> tuple[AlertRecord, bool]:
        """Write an alert down, and say whether it is news or the same as one told lately."""
        with held(self._lock):
            known = self.read().open(alert.key)
            if known and not is_news_again(known, now, repeat_seconds, configured=configured):
                self._append(Repeated(at=now, id=known.id))
                return replace(known, repeats=known.repeats + 1, last_repeat=now), False
            state: Literal["pending", "not_configured"] = (
                "pending" if configured else "not_configured"
            )
            raised = Raised(at=now, id=uuid4().hex, alert=alert, state=state)
            self._append(raised)
            return AlertRecord(raised.id, alert, now, state), True

    def close(self, key: str, now: float) -> AlertRecord | None:
        """Write down that a trouble is over; returns its alert, or None where none was open."""
        with held(self._lock):
            known = self.read().open(key)
            if known is None:
                return None
            self._append(Over(at=now, id=known.id))
            return replace(known, over=now)

    @property
    def _lock(self) -> Path:
        return self.path.with_suffix(".lock")

    def _append(self, line: Line) -> None:
        with self.path.open("a+b") as file:
            # A line torn by a crash is closed first, or it would swallow this one.
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            gap = b"\n" if size and file.read(1) != b"\n" else b""
            file.write(gap + line.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> Iterable[bytes]:
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - _READ_BYTES, 0))
                content = file.read()
        except FileNotFoundError:
            return ()
        lines = content.split(b"\n")
        return lines[1:] if size > _READ_BYTES else lines  # the first one is half


def is_news_again(
    known: AlertRecord, now: float, repeat_seconds: float, *, configured: bool
) -> bool:
    """Whether a trouble that was told is to be told again; what nobody could be told is, once."""
    if configured and known.state == "not_configured":
        return True
    # One from the future was raised by a clock that has been set back.
    return now - known.raised >= repeat_seconds or known.raised - now > _CLOCKS_DIFFER_SECONDS


def fold(lines: Iterable[bytes]) -> LedgerContents:
    """What the lines say all in all."""
    records: dict[str, AlertRecord] = {}
    messages: list[float] = []
    quiet_until = 0.0
    unreadable = 0
    for text in lines:
        if not text.strip():
            continue
        try:
            line = _LINE.validate_json(text)
        except ValidationError:
            unreadable += 1
            continue
        if isinstance(line, Raised):
            records[line.id] = AlertRecord(line.id, line.alert, line.at, line.state)
            continue
        if isinstance(line, Tried):
            if line.sent:
                messages.append(line.at)
            if line.all_wait and line.again_at:
                quiet_until = max(quiet_until, line.again_at)
        for record_id in (line.id,) if isinstance(line, Repeated | Over) else line.ids:
            if record_id in records:
                records[record_id] = _after(records[record_id], line)
    return LedgerContents(tuple(records.values()), tuple(messages), quiet_until, unreadable)


def _after(record: AlertRecord, line: Line) -> AlertRecord:
    """The record after one more thing has happened."""
    if isinstance(line, Repeated):
        return replace(record, repeats=record.repeats + 1, last_repeat=line.at)
    if isinstance(line, Over):
        return replace(record, over=line.at)
    if isinstance(line, Trying):
        return replace(record, attempts=record.attempts + 1, again_at=line.again_at)
    if isinstance(line, Tried):
        if line.sent:
            return replace(record, state="sent", sent=line.at, problem="", again_at=None)
        return replace(
            record,
            state="pending" if line.again_at else "given_up",
            problem=line.problem,
            again_at=line.again_at,
        )
    return record
