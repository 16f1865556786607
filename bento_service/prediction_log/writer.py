"""The thread that takes what waits in memory and writes it into segments.

It works a few times a second on all that came in between, so it costs little for each event.
When writing fails it keeps what it took, and tries again at the next beat.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from bento_service.prediction_log.backlog import Backlog
from bento_service.prediction_log.folder import SegmentFolder
from bento_service.prediction_log.segment import Segment
from bento_service.prediction_log.trouble import Trouble

BEAT_SECONDS = 0.25


class Writer:
    """One worker's writing end of a folder of segments."""

    def __init__(
        self,
        backlog: Backlog,
        folder: SegmentFolder,
        trouble: Trouble,
        *,
        segment_bytes: int,
        segment_seconds: float,
        on_closed: Callable[[], None] | None = None,
    ) -> None:
        self._backlog = backlog
        self._folder = folder
        self._trouble = trouble
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._on_closed = on_closed or (lambda: None)
        self.segments_closed = 0
        self._segment: Segment | None = None
        self._begun = 0.0
        # What was taken from the backlog: its lines, how far they are written, and the events left.
        self._chunk = b""
        self._start = 0
        self._events = 0
        self._look_for_the_dead = True
        self._stop = Event()
        self._give_up_at = 0.0
        self._thread = Thread(target=self._run, name="prediction-log-writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    @property
    def failing(self) -> str | None:
        """Why nothing can be written, while that is so."""
        return self._trouble.reason

    def stop(self, within_seconds: float) -> None:
        """Write all that waits, close the segment and end; give up after so long."""
        self._give_up_at = time.monotonic() + within_seconds
        self._backlog.close()
        self._stop.set()
        self._backlog.wake()
        self._thread.join(within_seconds + 1.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._backlog.wait(BEAT_SECONDS)
            self._beat()
        while not self._beat(last=True) and time.monotonic() < self._give_up_at:
            time.sleep(BEAT_SECONDS / 5)
        if self._segment is not None:
            self._segment.let_go()

    def _beat(self, *, last: bool = False) -> bool:
        """Write what waits; True when all of it is written."""
        if self._look_for_the_dead:
            self._look_for_the_dead = False
            with suppress(OSError):  # writing fails for the same reason, and says so
                if self._folder.close_segments_of_the_dead():
                    self._on_closed()
        try:
            self._write_all()
            if last or self._due:
                self._close_segment()
        except OSError as error:
            self._backlog.stuck = True
            self._trouble.failed(error)
            return False
        self._backlog.stuck = False
        if self._trouble.reason is not None:
            self._trouble.worked()
            self._look_for_the_dead = True  # the segment from before may be back, too
        return True

    @property
    def _due(self) -> bool:
        """Whether the segment is to be closed, by its age or its size."""
        return self._segment is not None and (
            time.monotonic() - self._begun >= self._segment_seconds
            or self._segment.length >= self._segment_bytes
        )

    def _write_all(self) -> None:
        self._forget_lost_segment()
        while self._chunk or self._take():
            if self._segment is None:
                self._segment = self._folder.new_segment()
                self._begun = time.monotonic()
            end = self._end_of_piece(self._segment_bytes - self._segment.length)
            if end > self._start:
                self._segment.append(memoryview(self._chunk)[self._start : end])
                self._written_up_to(end)
            if self._chunk or self._segment.length >= self._segment_bytes:
                self._close_segment()

    def _take(self) -> bool:
        self._chunk, self._events = self._backlog.take()
        self._start = 0
        return bool(self._chunk)

    def _end_of_piece(self, room: int) -> int:
        """Where the lines end that still fit. A segment holds one line at least."""
        if len(self._chunk) - self._start <= room:
            return len(self._chunk)
        end = self._chunk.rfind(b"\n", self._start, self._start + max(room, 0)) + 1
        if end or room < self._segment_bytes:
            return end
        return self._chunk.find(b"\n", self._start) + 1 or len(self._chunk)

    def _written_up_to(self, end: int) -> None:
        if end == len(self._chunk):
            events, self._chunk = self._events, b""
        else:
            events = min(self._chunk.count(b"\n", self._start, end), self._events)
        self._start = end
        self._events -= events
        self._backlog.written(events)

    def _close_segment(self) -> None:
        self._forget_lost_segment()
        if self._segment is None:
            return
        if self._segment.close() is not None:
            self.segments_closed += 1
        self._segment = None
        self._on_closed()

    def _forget_lost_segment(self) -> None:
        """Begin a new segment where the folder was removed, or moved away, under the old one."""
        if self._segment is not None and not self._segment.in_place:
            self._segment.let_go()
            self._segment = None
