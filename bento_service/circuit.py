"""Sparing callers the wait for something that does not answer.

After a failure nobody is let through for a moment, then one caller to try, and everybody again
once it has answered.
"""

from __future__ import annotations

from time import monotonic


class Circuit:
    """Open after a failure, closed by an answer."""

    def __init__(self, pause_seconds: float, patience_seconds: float) -> None:
        self._pause = pause_seconds
        self._patience = patience_seconds
        self._failed = False
        self._shut_until = 0.0

    def admits(self) -> bool:
        """Whether a caller may try now. Whoever may has to say how it went."""
        if not self._failed:
            return True
        now = monotonic()
        if now < self._shut_until:
            return False
        # This one tries and the others do not wait with it. One that is never heard of again, its
        # caller having left, holds them up no longer than it may take.
        self._shut_until = now + self._patience
        return True

    def answered(self) -> None:
        """It works."""
        self._failed = False

    def failed(self) -> None:
        """It does not."""
        self._failed = True
        self._shut_until = monotonic() + self._pause
