"""The ledger of alerts as programs read it: which of them are asked for, and what is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from titanic_assets.alerts.alert import AlertRecord, Kind, State
from titanic_assets.alerts.ledger import AlertLedger, LedgerContents
from titanic_assets.monitor.answering import as_text

DEFAULT_LIMIT, MOST = 50, 1000
_PARAMETERS = ("limit", "kind", "state", "since")
_LONGEST_SHOWN = 60


class BadQuestion(ValueError):
    """A parameter that does not exist or cannot have this value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Wanted:
    """Which alerts are asked for."""

    limit: int = DEFAULT_LIMIT
    kind: str | None = None
    state: str | None = None
    since: float | None = None

    def of(self, records: Iterable[AlertRecord]) -> list[AlertRecord]:
        """Those, the newest first, regardless of the limit."""
        found = [
            record
            for record in records
            if self.kind in (None, record.alert.kind)
            and self.state in (None, record.state)
            and (self.since is None or record.raised >= self.since)
        ]
        return sorted(found, key=lambda record: record.raised, reverse=True)


def read_question(parameters: Iterable[tuple[str, str]]) -> Wanted:
    """What the address asks for, or which part of it is wrong and what is valid."""
    given: dict[str, str] = {}
    for name, value in parameters:
        shown = name[:_LONGEST_SHOWN]
        if name not in _PARAMETERS:
            raise BadQuestion(shown, f"unknown parameter; valid are {', '.join(_PARAMETERS)}")
        if name in given:
            raise BadQuestion(shown, f"{name} is given twice")
        given[name] = value
    return Wanted(
        limit=_limit(given.get("limit")),
        kind=_one_of(get_args(Kind), "kind", given.get("kind")),
        state=_one_of(get_args(State), "state", given.get("state")),
        since=_moment(given.get("since")),
    )


def history(contents: LedgerContents, wanted: Wanted) -> dict[str, object]:
    """The alerts that are asked for."""
    found = wanted.of(contents.records)
    return {
        "alerts": [as_json(record) for record in found[: wanted.limit]],
        "found": len(found),
    }


def status(contents: LedgerContents, *, webhook: bool) -> dict[str, object]:
    """All in a few figures: whether alerts reach somebody, and which troubles are not over."""
    pending = [record for record in contents.records if record.state == "pending"]
    states: Mapping[str, int] = Counter(record.state for record in contents.records)
    return {
        "webhook": "set" if webhook else "not set",
        "states": {state: states.get(state, 0) for state in get_args(State)},
        "oldest_pending": as_text(min((record.raised for record in pending), default=None)),
        "problem": next((record.problem for record in reversed(pending) if record.problem), None),
        "last": as_json(contents.records[-1]) if contents.records else None,
        "unreadable_lines": contents.unreadable,
    }


def as_json(record: AlertRecord) -> dict[str, object]:
    """One alert and what became of it."""
    alert = record.alert
    return {
        "id": record.id,
        "kind": alert.kind,
        "key": alert.key,
        "severity": alert.severity,
        "title": alert.title,
        "text": alert.text,
        "links": dict(alert.links),
        "raised": as_text(record.raised),
        "state": record.state,
        "attempts": record.attempts,
        "problem": record.problem or None,
        "again_at": as_text(record.again_at),
        "sent": as_text(record.sent),
        "repeats": record.repeats,
        "last_repeat": as_text(record.last_repeat),
        "over": as_text(record.over),
    }


class LedgerReader:
    """The ledger, read again when it has changed, and its alerts counted as long as we live."""

    def __init__(self, path: Path) -> None:
        self._ledger = AlertLedger(path)
        self._mark: tuple[int, int] | None = None
        self._contents = LedgerContents(())
        self._counted: set[str] = set()
        self._counts: Counter[tuple[str, str]] = Counter()

    def read(self) -> tuple[LedgerContents, Mapping[tuple[str, str], int]]:
        """What it says, and how many alerts there were of each kind and severity."""
        try:
            facts = self._ledger.path.stat()
            mark = (facts.st_size, facts.st_mtime_ns)
        except FileNotFoundError:
            mark = None
        if mark != self._mark or mark is None:
            self._contents = self._ledger.read()
            self._mark = mark
            for record in self._contents.records:
                if record.id not in self._counted:
                    self._counted.add(record.id)
                    self._counts[record.alert.kind, record.alert.severity] += 1
        return self._contents, dict(self._counts)


def _limit(given: str | None) -> int:
    if given is None:
        return DEFAULT_LIMIT
    if given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= MOST:
        return int(given)
    raise BadQuestion("limit", f"it has to be a number from 1 to {MOST}")


def _one_of(valid: tuple[str, ...], field: str, given: str | None) -> str | None:
    if given in (None, *valid):
        return given
    raise BadQuestion(field, f"it has to be one of {', '.join(valid)}")


def _moment(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        try:
            moment = datetime.fromtimestamp(float(given), UTC)
        except ValueError:
            # In an address, the + of a time zone is read as a blank.
            moment = datetime.fromisoformat(given.replace(" ", "+") if "T" in given else given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        raise BadQuestion(
            "since", "it has to be a moment such as 2026-11-21T06:00:00Z, or seconds since 1970"
        ) from None
