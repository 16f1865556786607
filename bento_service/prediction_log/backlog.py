"""What was recorded and is not written yet: the one thing that requests and the writer share.

Its lock is held for the moving of a few references and never while anything is written.
"""

from __future__ import annotations

from threading import Event, Lock

# A full batch alone may reach the bound, and is written a moment later.
_BOUNDS_WHILE_WRITING = 10


class Backlog:
    """Lines in memory, of a bounded number of events.

    The bound holds while they cannot be written. As long as writing works there is room for a
    burst, of which the writer is only just to hear.
    """

    def __init__(self, bound: int, wake_at_bytes: int = 1 << 20) -> None:
        self.stuck = False
        self._bound = bound
        self._wake_at_bytes = wake_at_bytes
        self._lock = Lock()
        self._wake = Event()
        self._told = False
        self._open = True
        self._lines: list[bytes] = []
        self._counts: list[int] = []
        self._bytes = 0
        self._events = 0
        self._written = 0
        self._dropped = 0

    def put(self, lines: bytes, events: int) -> bool:
        """Keep these lines to be written; False when there is no room for them."""
        with self._lock:
            room = self._bound if self.stuck else self._bound * _BOUNDS_WHILE_WRITING
            if self._events >= room or not self._open:
                self._dropped += events
                return False
            self._lines.append(lines)
            self._counts.append(events)
            self._events += events
            self._bytes += len(lines)
            if self._told or (self._bytes < self._wake_at_bytes and self._events * 2 < self._bound):
                return True
            self._told = True
        self._wake.set()
        return True

    def take(self) -> tuple[bytes, int]:
        """All lines put since, and how many events they are. They count as waiting until told."""
        with self._lock:
            lines, self._lines = self._lines, []
            counts, self._counts = self._counts, []
            self._bytes = 0
            self._told = False
        return b"".join(lines), sum(counts)

    def written(self, events: int) -> None:
        """So many of the events taken are safe."""
        with self._lock:
            self._events -= events
            self._written += events

    def close(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._open = False

    def wake(self) -> None:
        """Let the writer look now."""
        self._wake.set()

    def give_up(self) -> int:
        """Count what still waits as lost; returns how many events that is."""
        with self._lock:
            lost, self._events = self._events, 0
            self._dropped += lost
            self._lines, self._counts = [], []
        return lost

    def wait(self, seconds: float) -> None:
        """Until much is waiting, or for so long."""
        if self._wake.wait(seconds):
            self._wake.clear()

    @property
    def counts(self) -> tuple[int, int, int]:
        """Events written, dropped, and waiting."""
        with self._lock:
            return self._written, self._dropped, self._events
