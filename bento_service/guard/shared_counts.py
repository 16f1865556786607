"""Counts of requests that all workers of this machine share.

A table of fixed size in shared memory. Its windows begin with a caller's first request and end a
fixed time later, whoever asks meanwhile.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from bento_service.guard.shared_memory import HEAD_BYTES, SharedMemory

# Name of the caller (a hash), end of the window, requests in it.
_SLOT = struct.Struct("<16sdQ")
_NUMBERS = struct.Struct("<dQ")
_NAME_BYTES = 16
# A caller's slot is one of the 16 of its bucket: looking for it stays short however full it is.
_BUCKET_BYTES = 16 * _SLOT.size
_BUCKETS = 4096  # of 16 callers each: 65,536 callers in 2 MiB


class Count(NamedTuple):
    """Requests in a window, and when it ends (seconds since 1970)."""

    requests: int
    ends: float


class SharedCounts:
    """The counts in the file `path`; without one, counts of this process alone.

    Of more callers than fit, the one with the fewest requests in its window gives way: then a
    request too many may pass, and none is refused too early.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        buckets: int = _BUCKETS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._buckets = buckets
        self._memory = SharedMemory(path, HEAD_BYTES + buckets * _BUCKET_BYTES)
        self._table = self._memory.bytes
        # A caller that comes again does not have its name hashed again.
        self._place = lru_cache(maxsize=4096)(self._hash)

    def count(self, key: str, seconds: float) -> Count:
        """Count a request, in a new window if the last one is over; `OSError` if that fails."""
        name, bucket = self._place(key)
        self._memory.lock()
        try:
            now = self._clock()
            at = self._table.find(name, bucket, bucket + _BUCKET_BYTES)
            if at >= 0:
                ends, requests = _NUMBERS.unpack_from(self._table, at + _NAME_BYTES)
                # An end further ahead than a window is long: the clock was set back.
                if now < ends <= now + seconds:
                    requests += 1
                    _NUMBERS.pack_into(self._table, at + _NAME_BYTES, ends, requests)
                    return Count(requests, ends)
            else:
                at = self._room_in(bucket, now)
            _SLOT.pack_into(self._table, at, name, now + seconds, 1)
            return Count(1, now + seconds)
        finally:
            self._memory.unlock()

    def close(self) -> None:
        """Let go of the memory; the counts stay for the other workers."""
        self._memory.close()

    def _room_in(self, bucket: int, now: float) -> int:
        """The slot of a new caller: one whose window is over, else that of the least busy."""

        def busy(at: int) -> tuple[int, float]:
            ends, requests = _NUMBERS.unpack_from(self._table, at + _NAME_BYTES)
            return (requests, ends) if now < ends else (0, 0.0)

        return min(range(bucket, bucket + _BUCKET_BYTES, _SLOT.size), key=busy)

    def _hash(self, key: str) -> tuple[bytes, int]:
        # Salted, so that nobody can choose names that crowd into one bucket.
        name = blake2b(key.encode(), digest_size=_NAME_BYTES, salt=self._memory.salt).digest()
        bucket = int.from_bytes(name[:8], "little") % self._buckets
        return name, HEAD_BYTES + bucket * _BUCKET_BYTES
