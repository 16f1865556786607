"""The prediction log of one worker: what is recorded, and what became of it.

Requests only put lines into memory; threads of its own write them, and upload them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bento_service.prediction_log.backlog import Backlog
from bento_service.prediction_log.folder import SegmentFolder, Spool, default_spool
from bento_service.prediction_log.trouble import Trouble, logger
from bento_service.prediction_log.uploader import Uploader
from bento_service.prediction_log.writer import Writer
from bento_service.shown import shown
from bento_service.storage import folder_of

# So many full segments may wait on this machine's disk for a bucket that is gone.
_SPOOLED_SEGMENTS = 32


@dataclass(frozen=True)
class LogPlace:
    """Where and how one worker logs."""

    uri: str = field(repr=False)  # there may be a password in it
    seat: int = 0
    segment_bytes: int = 8 * 1024 * 1024
    segment_seconds: float = 60.0
    backlog: int = 10_000
    spool: Path | None = None

    @property
    def folder(self) -> Path | None:
        """The local folder it is; None for object storage."""
        return folder_of(self.uri)


@dataclass(frozen=True)
class LogState:
    """What became of the events of one worker since it opened the log."""

    written: int = 0
    dropped: int = 0
    backlog: int = 0
    failing: str | None = None
    segments_closed: int = 0
    segments_uploaded: int = 0


class PredictionLog:
    """Takes lines and writes them, or, made without a place, takes nothing."""

    def __init__(self, place: LogPlace | None) -> None:
        self.place = place
        self.closed = False
        self.off = place is None
        self._backlog = Backlog(place.backlog if place else 1)
        self._writer: Writer | None = None
        self._uploader: Uploader | None = None
        if place is None:
            self._backlog.close()
            return
        meanwhile = (
            f"Predictions go on; up to {place.backlog:,} events are kept in memory, later ones "
            "are lost. Make room, or mend the folder or its permissions."
        )
        if (folder := place.folder) is not None:
            where = folder
            segments = SegmentFolder(folder, place.seat, place.segment_seconds)
            on_closed: Callable[[], None] | None = None
        else:
            where = place.spool or default_spool(place.uri)
            most = _SPOOLED_SEGMENTS * place.segment_bytes
            segments = spool = Spool(where, place.seat, place.segment_seconds, most)
            self._uploader = Uploader(
                spool,
                place.uri,
                Trouble(
                    f"Uploading the prediction log to {shown(place.uri)}",
                    f"Predictions go on; up to {most:,} bytes wait in {where}.",
                ),
            )
            on_closed = self._uploader.look
        self._writer = Writer(
            self._backlog,
            segments,
            Trouble(f"Writing the prediction log to {where}", meanwhile),
            segment_bytes=place.segment_bytes,
            segment_seconds=place.segment_seconds,
            on_closed=on_closed,
        )

    def record(self, lines: bytes, events: int) -> bool:
        r"""Log these lines, each of them ended by `\n`; False when they had to be dropped."""
        return self._backlog.put(lines, events)

    @property
    def state(self) -> LogState:
        """What became of the events so far."""
        written, dropped, waiting = self._backlog.counts
        if self._writer is None:
            return LogState()
        uploader = self._uploader
        return LogState(
            written=written,
            dropped=dropped,
            backlog=waiting,
            failing=self._failing,
            segments_closed=self._writer.segments_closed,
            segments_uploaded=uploader.uploaded if uploader else 0,
        )

    @property
    def _failing(self) -> str | None:
        for thread in (self._writer, self._uploader):
            if thread is not None and not self.closed and not thread.alive:
                return "a thread of the log has died"
            if thread is not None and thread.failing:
                return thread.failing
        return None

    def close(self, within_seconds: float = 5.0) -> None:
        """Write and upload what is there, and end; waits so long at most."""
        if self._writer is None or self.closed:
            return
        self.closed = True
        until = time.monotonic() + within_seconds
        self._writer.stop(within_seconds)
        if lost := self._backlog.give_up():
            logger.error("%d events of the prediction log could not be written", lost)
        if self._uploader is not None:
            self._uploader.stop(max(0.5, until - time.monotonic()))
