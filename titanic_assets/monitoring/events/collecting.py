"""What is new in the prediction log, into the tables: each closed segment exactly once.

Rows are written first, into files that do not count yet; then the manifest names the files and the
segments in one transaction. Killed in between, the next collection removes the files and begins
with those segments again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.monitoring.events.ahead import Fetched, fetched
from titanic_assets.monitoring.events.lines import read_lines
from titanic_assets.monitoring.events.manifest import CollectedSegment, Known, Manifest
from titanic_assets.monitoring.events.quarantine import BadLines, Refused, keep_lines, keep_whole
from titanic_assets.monitoring.events.reading import Copy, copied, pieces
from titanic_assets.monitoring.events.writing import DayFiles, remove_left_overs
from titanic_assets.prediction_log.segments import LogFile, LogStorage, LogUnreadable
from titanic_assets.tracking.locking import held

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

# Segments come in late when a bucket could not be reached for a while.
LOOK_BACK = timedelta(days=30)
# What a kill costs at most: rows, or segments, that have to be read once more.
_COMMIT_ROWS = 500_000
_COMMIT_SEGMENTS = 1000
# After so many lines without an event a file is none of the service's, however long it is.
_HOPELESS_LINES = 10_000
# After so many files that could not be opened: whether the storage is there at all.
_UNREAD = 3

Say = Callable[[str], None]


@dataclass
class Collection:
    """What one collection brought."""

    segments: int = 0
    predictions: int = 0
    outcomes: int = 0
    copies: int = 0
    bad_lines: int = 0
    refused: list[Refused] = field(default_factory=list)
    # Files that could not be opened now; they are tried again each time.
    unread: list[str] = field(default_factory=list)


def collect(settings: Settings, say: Say = lambda text: None) -> Collection:  # noqa: ARG005
    """Collect what is new. Two at once take turns; a log that cannot be read is `LogUnreadable`."""
    folder = settings.places.events
    with held(folder / ".collecting.lock"):
        remove_left_overs(folder)
        collecting = _Collecting(folder, settings.places.quarantine, say)
        try:
            collecting.all_of(LogStorage(settings.predictions), time.time())
        finally:
            collecting.files.abandon()
    return collecting.found


def first_day(newest_begun: float | None, now: float) -> date:
    """From which day on segments are looked for; all of them at first.

    What came before the newest segment that was collected was there to be collected with it, but
    for what was late, and nothing is late for longer than the look-back.
    """
    if newest_begun is None:
        return date.min
    return (datetime.fromtimestamp(min(newest_begun, now), UTC) - LOOK_BACK).date()


class _Collecting:
    """One collection at work."""

    def __init__(self, folder: Path, quarantine: Path, say: Say) -> None:
        self.found = Collection()
        self.files = DayFiles(folder)
        self._manifest = Manifest(folder)
        self._quarantine = quarantine
        self._say = say
        self._segments: dict[str, CollectedSegment] = {}
        self._names: list[tuple[str, int, str, float | None]] = []

    def all_of(self, storage: LogStorage, now: float) -> None:
        """Every file of the log that is not known by name and size."""
        day = first_day(self._manifest.newest_begun, now)
        midnight = datetime.combine(day, datetime.min.time(), UTC).timestamp()
        known = self._manifest.names(midnight)
        new = (
            file
            for file in storage.closed(day)
            if file.name not in known or known[file.name].size != file.size
        )
        try:
            for each in fetched(storage, new):
                with suppress(FileNotFoundError):  # taken away since it was listed
                    self._read(storage, each, known.get(each.file.name))
                if self.files.rows >= _COMMIT_ROWS or len(self._names) >= _COMMIT_SEGMENTS:
                    self._commit()
        except LogUnreadable:
            self._commit()
            raise
        self._commit()

    def _read(self, storage: LogStorage, each: Fetched, known: Known | None) -> None:
        try:
            with copied(each.content()) as copy:
                self._take(each.file, copy, known)
        except LogUnreadable as error:
            self.found.unread.append(f"{each.file.name}: {error}")
            if len(self.found.unread) % _UNREAD == 0:  # perhaps it is not this file
                storage.look()

    def _take(self, file: LogFile, copy: Copy, known: Known | None) -> None:
        """One file of the log, unless its content is known by another name."""
        begun = file.segment.begun if file.segment else None
        self._names.append((file.name, copy.size, copy.digest, begun))
        if copy.digest in self._segments or self._manifest.segment(copy.digest):
            self.found.copies += 1
            return
        before = self._manifest.segment(known.digest) if known else None
        reason = None
        if file.segment is None:
            reason = "it is not called as a segment is"
        elif before is not None and not copy.begins_with(before.digest, before.size):
            reason = "it is no longer what was collected by this name"
        rows, taken = (_Lines(), copy.size) if reason else self._lines(copy, before)
        self._segments[copy.digest] = CollectedSegment(
            digest=copy.digest,
            name=file.name,
            begun=begun,
            size=copy.size,
            taken=taken,
            predictions=rows.predictions,
            outcomes=rows.outcomes,
            bad=rows.bad.count,
            collected=time.time(),
        )
        if rows.bad.count and not rows.good and before is None:
            reason = "not one line is an event"
        if reason or rows.bad.count:
            self._refuse(file, copy, rows.bad, reason)
        self.found.segments += 1
        self.found.predictions += rows.predictions
        self.found.outcomes += rows.outcomes
        self.found.bad_lines += rows.bad.count

    def _lines(self, copy: Copy, before: CollectedSegment | None) -> tuple[_Lines, int]:
        """The events of a segment, or of one that has grown those that came since; up to where."""
        found = _Lines()
        taken = before.taken if before else 0
        for piece in pieces(copy, taken):
            rows = read_lines(piece.lines, piece.first)
            self.files.add("predictions", rows.predictions)
            self.files.add("outcomes", rows.outcomes)
            found.predictions += rows.predictions.num_rows
            found.outcomes += rows.outcomes.num_rows
            found.bad.add(rows.bad)
            # What is torn may be completed yet, and is read again then; an event never is.
            taken = copy.size if piece.is_torn and not rows.bad else piece.end
            if not found.good and found.bad.count >= _HOPELESS_LINES:
                return found, copy.size
        return found, taken

    def _refuse(self, file: LogFile, copy: Copy, bad: BadLines, reason: str | None) -> None:
        words = f"{bad.count:,} line{'s are no events' if bad.count > 1 else ' is no event'}"
        if bad.kept:
            words += f", the first is line {bad.kept[0].number:,} ({bad.kept[0].reason})"
        refused = Refused(file.name, copy.digest, copy.size, reason or words, bad.count)
        if reason:
            keep_whole(self._quarantine, refused, copy.content)
        else:
            keep_lines(self._quarantine, refused, bad)
        self.found.refused.append(refused)

    def _commit(self) -> None:
        """Let what was written count."""
        if not self._names:
            return
        written = self.files.finish()
        self._manifest.enter(written.files, written.versions, self._segments.values(), self._names)
        self._segments, self._names = {}, []
        found = self.found
        self._say(
            f"{found.segments:,} new segments: {found.predictions:,} predictions and "
            f"{found.outcomes:,} outcomes"
        )


@dataclass
class _Lines:
    """What the lines of one segment came to."""

    predictions: int = 0
    outcomes: int = 0
    bad: BadLines = field(default_factory=BadLines)

    @property
    def good(self) -> int:
        return self.predictions + self.outcomes
