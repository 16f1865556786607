"""The newest predictions in the log, open segments included: what somebody looks at, not collects.

Only so many are held in memory, and only so much is read, however much was logged.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from titanic_assets.prediction_log.segments import LogStorage, Segment

if TYPE_CHECKING:
    from titanic_model.events import OutcomeEvent, PredictionEvent

# An event is written within moments of its time, and a segment is named by its first beat.
_WRITTEN_WITHIN_SECONDS = 5.0
# Workers that are gone are looked for no further back: no segment stays open for so long.
_LONGEST_SEGMENT = timedelta(days=1)
_MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class RecentPredictions:
    """Predictions, the oldest first, and what else was met on the way to them."""

    events: tuple[PredictionEvent, ...] = ()
    # Files that are no segments, and whole lines that are no events.
    foreign_files: int = 0
    unreadable_lines: int = 0


def read_recent(
    place: str,
    since: float,
    *,
    until: float = float("inf"),
    most: int = 2000,
    wanted: Callable[[PredictionEvent], bool] = lambda event: True,  # noqa: ARG005 - all of them
    most_bytes: int = _MOST_BYTES,
) -> RecentPredictions:
    """The newest `most` predictions from `since` up to `until` that are wanted.

    `place` is a folder or a URL. A log in which nothing was written yet has none; one that cannot
    be read is a `LogUnreadable`. Of a log on object storage only closed segments can be seen, so
    the last minute is missing there.
    """
    read_event = _reader()
    storage = LogStorage(place)
    listing = storage.segments((datetime.fromtimestamp(since, UTC) - _LONGEST_SEGMENT).date())
    newest = _Newest(since, until, most, wanted)
    reach = _Reach()
    unreadable = 0
    for segment in listing.segments:
        if segment.begun > until or reach.is_before(segment, newest.needed):
            continue
        for lines in storage.blocks(segment):
            events = [read_event(line) for line in lines]
            unreadable += events.count(None)
            there = newest.take(event for event in reversed(events) if event is not None)
            most_bytes -= sum(map(len, lines))
            if most_bytes < 0 or not there:
                break
        if most_bytes < 0:
            break
    return RecentPredictions(newest.events, listing.foreign, unreadable)


def _reader() -> Callable[[bytes], PredictionEvent | OutcomeEvent | None]:
    """What makes an event of a line, and nothing of one that is none."""
    from pydantic import Field, TypeAdapter, ValidationError

    from titanic_model.events import OutcomeEvent, PredictionEvent

    adapter: TypeAdapter[PredictionEvent | OutcomeEvent] = TypeAdapter(
        Annotated[PredictionEvent | OutcomeEvent, Field(discriminator="kind")]
    )

    def read(line: bytes) -> PredictionEvent | OutcomeEvent | None:
        try:
            return adapter.validate_json(line)
        except ValidationError:
            return None

    return read


class _Newest:
    """The newest predictions of those it was given, so many at most."""

    def __init__(
        self, since: float, until: float, most: int, wanted: Callable[[PredictionEvent], bool]
    ) -> None:
        self._since = since
        self._until = until
        self._most = most
        self._wanted = wanted
        # The oldest is on top. The number tells events of the same time apart; they come backwards.
        self._kept: list[tuple[float, int, PredictionEvent]] = []
        self._number = itertools.count(0, -1)

    @property
    def needed(self) -> float:
        """From when on an event still counts."""
        return max(self._since, self._kept[0][0]) if len(self._kept) == self._most else self._since

    @property
    def events(self) -> tuple[PredictionEvent, ...]:
        """Those that are kept, the oldest first."""
        return tuple(event for *_, event in sorted(self._kept, key=lambda each: each[:2]))

    def take(self, events: Iterable[PredictionEvent | OutcomeEvent]) -> bool:
        """Keep what is wanted of a block; False when nothing older than it can be needed."""
        latest = float("-inf")
        for event in events:
            latest = max(latest, event.time)
            if event.kind == "outcome" or not self.needed <= event.time <= self._until:
                continue
            if self._wanted(event):
                push = heapq.heappushpop if len(self._kept) == self._most else heapq.heappush
                push(self._kept, (event.time, next(self._number), event))
        return latest == float("-inf") or latest + _WRITTEN_WITHIN_SECONDS >= self.needed


class _Reach:
    """How far back each writer's log was read.

    A writer has one segment at a time, so what it wrote before one of them began is older.
    """

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}

    def is_before(self, segment: Segment, needed: float) -> bool:
        """Whether all in this segment is older than needed; its writer's later ones came first."""
        before = self._begun.get(segment.writer, float("inf"))
        self._begun[segment.writer] = segment.begun
        return before + _WRITTEN_WITHIN_SECONDS < needed
