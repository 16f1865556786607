"""The memory for the bodies of batches, and for answers that are being read slowly."""

from __future__ import annotations

from collections import Counter

from bento_service.http import Request, overloaded


class Room:
    """So many bytes, of which one caller gets half: nobody alone can take all of it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._held_by: Counter[str] = Counter()

    def take(self, request: Request, size: int) -> None:
        """Hold more for this request, or refuse it."""
        theirs = self._held_by[request.caller.key]
        if self._held + size > self._size or theirs + size > self._size // 2:
            raise overloaded()
        self._hold(request, size)

    def change(self, request: Request, size: int) -> None:
        """Hold so much for it instead, even if that is too much: new ones have to wait for it."""
        self._hold(request, size - request.held)

    def _hold(self, request: Request, size: int) -> None:
        caller = request.caller.key
        request.held += size
        self._held += size
        self._held_by[caller] += size
        if not self._held_by[caller]:
            del self._held_by[caller]
