"""The promotion ledger: which version became champion or challenger, when, by whom and why.

An append-only file of JSON lines, and the source of promotion events for everyone else. A crash
at any moment costs at most the line being written, which the next reader reports.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    ValidationError,
)

from titanic_assets.tracking.locking import held

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class PromotionEvent(BaseModel):
    """An alias that moved from one model version to another.

    `kind` is how: by the promotion rule, by a person's hand, or back to the champion before.
    """

    # A field that a newer release adds must not make the line unreadable to this one.
    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str
    when: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    who: str
    alias: Literal["champion", "challenger"]
    from_version: int | None
    # None when the alias names no version any more.
    to_version: int | None
    why: str
    # That of the version it moved to; empty without one.
    digest: str
    dagster_run_id: str | None
    kind: Literal["promotion", "by_hand", "rollback"] = "promotion"
    # The digest of a model that was champion and is not to be again, unless a person says so.
    withdraws: str | None = None
    # Whether this challenger is to be promoted once it has been in shadow for long enough.
    on_trial: bool = False


@dataclass(frozen=True)
class UnreadableLine:
    """A line of the ledger that is no event: torn by a crash, or edited."""

    number: int
    text: str


@dataclass(frozen=True)
class LedgerContents:
    """All that is in the ledger: each event once, oldest first, and what could not be read."""

    events: tuple[PromotionEvent, ...]
    unreadable: tuple[UnreadableLine, ...]

    def event(self, event_id: str) -> PromotionEvent | None:
        """The event of that id, or None."""
        return next((event for event in self.events if event.event_id == event_id), None)


@dataclass(frozen=True)
class PromotionLedger:
    """The ledger at `path`; a file that is not there yet is an empty ledger."""

    path: Path

    def read(self) -> LedgerContents:
        """Everything, with unreadable lines named instead of passed over."""
        return _parse(self.path.read_bytes() if self.path.exists() else b"")

    def events(self) -> tuple[PromotionEvent, ...]:
        """All events, oldest first; unreadable lines are logged as a warning."""
        contents = self.read()
        for line in contents.unreadable:
            logger.warning("%s, line %d is no event: %.80r", self.path, line.number, line.text)
        return contents.events

    def last(self, alias: str | None = None) -> PromotionEvent | None:
        """The newest event, or the newest of one alias."""
        ours = [event for event in self.events() if alias in (None, event.alias)]
        return ours[-1] if ours else None

    def append(self, event: PromotionEvent) -> None:
        """Write an event down for good; one that is there already is left as it is."""
        with self.held() as ledger:
            ledger.append(event)

    @contextmanager
    def held(self) -> Iterator[HeldLedger]:
        """The ledger, to this caller alone until the block ends."""
        with held(self.path.with_suffix(".lock")):
            yield HeldLedger(self)


@dataclass(frozen=True)
class HeldLedger:
    """What may be done to the ledger by whoever holds its lock.

    Moving an alias and writing the line are two acts in two places. The intention is written
    first, so that whoever comes after a crash can finish what was begun.
    """

    ledger: PromotionLedger

    @property
    def _intention(self) -> Path:
        return self.ledger.path.with_suffix(".intended.json")

    def append(self, event: PromotionEvent) -> None:
        """Write an event down for good; one that is there already is left as it is."""
        path = self.ledger.path
        is_new = not path.exists()
        content = b"" if is_new else path.read_bytes()
        if _parse(content).event(event.event_id) is not None:
            return
        # A line torn by a crash is closed first, or it would swallow this one.
        gap = b"\n" if content and not content.endswith(b"\n") else b""
        with path.open("ab") as file:
            file.write(gap + event.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(path.parent)

    def intend(self, event: PromotionEvent) -> None:
        """Write down what is about to be done."""
        unfinished = self._intention.with_suffix(".tmp")
        with unfinished.open("wb") as file:
            file.write(event.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._intention)
        _sync_folder(unfinished.parent)

    def intended(self) -> PromotionEvent | None:
        """What somebody began and did not finish, or None."""
        if not self._intention.exists():
            return None
        return PromotionEvent.model_validate_json(self._intention.read_bytes())

    def forget_intention(self) -> None:
        """Nothing is begun any more."""
        self._intention.unlink(missing_ok=True)


def _parse(content: bytes) -> LedgerContents:
    events: dict[str, PromotionEvent] = {}
    unreadable = []
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            event = PromotionEvent.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            unreadable.append(UnreadableLine(number, line.decode(errors="replace")))
        else:
            events.setdefault(event.event_id, event)
    return LedgerContents(tuple(events.values()), tuple(unreadable))


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
