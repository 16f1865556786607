"""The thread that moves closed segments from the spool to object storage.

Any worker uploads any segment, also those of dead ones; a lock keeps two from taking the same.
While the storage cannot be reached they wait in the spool, and the pauses between attempts grow.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

from bento_service.prediction_log.folder import Spool, day_of
from bento_service.prediction_log.trouble import Trouble
from bento_service.storage import open_storage

_LOOK_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 15.0


class Uploader:
    """One worker's end of a spool that is emptied into a bucket."""

    def __init__(self, spool: Spool, uri: str, trouble: Trouble) -> None:
        self._spool = spool
        self._uri = uri
        self._trouble = trouble
        self._filesystem: Any = None
        self._base = ""
        self.uploaded = 0
        self._wake = Event()
        self._stop = Event()
        self._give_up_at = 0.0
        self._thread = Thread(target=self._run, name="prediction-log-uploader", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    @property
    def failing(self) -> str | None:
        """Why nothing can be uploaded, while that is so."""
        return self._trouble.reason

    def look(self) -> None:
        """There is a new segment; while the storage fails this does not hurry."""
        if self._trouble.reason is None:
            self._wake.set()

    def stop(self, within_seconds: float) -> None:
        """Upload what is closed and end; after so long the rest waits for the next start."""
        self._give_up_at = time.monotonic() + within_seconds
        self._stop.set()
        self._wake.set()
        self._thread.join(within_seconds)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            stopping = self._stop.is_set()
            done = self._upload_all()
            if stopping and (done or time.monotonic() >= self._give_up_at):
                return
            pause = _FIRST_PAUSE if done or stopping else min(2 * pause, _LONGEST_PAUSE)
            if stopping:
                time.sleep(_FIRST_PAUSE)
            elif self._wake.wait(_LOOK_SECONDS if done else pause):
                self._wake.clear()

    def _upload_all(self) -> bool:
        """Upload what is waiting; False when the storage did not take it."""
        try:
            for path in self._spool.waiting():
                self._upload(path)
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            self._trouble.failed(error)
            return False
        self._trouble.worked()
        return True

    def _upload(self, path: Path) -> None:
        try:
            segment = path.open("rb")
        except FileNotFoundError:
            return  # another worker has uploaded it
        with segment:
            try:
                fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another worker is at it
            if os.fstat(segment.fileno()).st_nlink:
                # One object, put at once: it is there whole, or not at all. Put again after a
                # crash before the removal it is still one object.
                self._storage().pipe_file(self._place(path.name), segment.read())
                path.unlink()
                self.uploaded += 1

    def _place(self, name: str) -> str:
        return f"{self._base}/{day_of(name)}/{name}"

    def _storage(self) -> Any:
        if self._filesystem is None:
            self._filesystem, self._base = open_storage(self._uri)
        return self._filesystem
