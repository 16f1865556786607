"""Counts of requests that all workers of this machine share, as a storage of `limits`.

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
from urllib.parse import quote, unquote, urlsplit

from limits.storage import Storage

from bento_service.guard.shared_memory import HEAD_BYTES, SharedMemory

SCHEME = "shared-counts"

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


def address_of(path: Path) -> str:
    """How `limits` names the counts in a file."""
    return f"{SCHEME}://{quote(str(path.absolute()))}"


class SharedCounts(Storage):
    """For `limits`' fixed window strategy; without an address, counts of this process alone.

    Of more callers than fit, the one with the fewest requests in its window gives way: then a
    request too many may pass, and none is refused too early.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  limits declares it so

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,  # noqa: FBT001, FBT002  limits declares it so
        *,
        buckets: int = _BUCKETS,
        clock: Callable[[], float] = time.time,
        **_: float | str | bool,
    ) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        path = unquote(urlsplit(uri or "").path)
        self._clock = clock
        self._buckets = buckets
        length = HEAD_BYTES + buckets * _BUCKET_BYTES
        self._memory = SharedMemory(Path(path) if path else None, length)
        self._table = self._memory.bytes
        # A caller that comes again does not have its name hashed again.
        self._place = lru_cache(maxsize=4096)(self._hash)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What can go wrong here."""
        return OSError

    def count(self, key: str, expiry: float, amount: int = 1) -> Count:
        """Count a request, in a new window of `expiry` seconds if the last one is over."""
        name, bucket = self._place(key)
        self._memory.lock()
        try:
            now = self._clock()
            at = self._table.find(name, bucket, bucket + _BUCKET_BYTES)
            if at >= 0:
                ends, requests = _NUMBERS.unpack_from(self._table, at + _NAME_BYTES)
                # An end further ahead than a window is long: the clock was set back.
                if now < ends <= now + expiry:
                    requests += amount
                    _NUMBERS.pack_into(self._table, at + _NAME_BYTES, ends, requests)
                    return Count(requests, ends)
            else:
                at = self._room_in(bucket, now)
            _SLOT.pack_into(self._table, at, name, now + expiry, amount)
            return Count(amount, now + expiry)
        finally:
            self._memory.unlock()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a request and say how many there are."""
        return self.count(key, expiry, amount).requests

    def get(self, key: str) -> int:
        """Requests in the caller's window."""
        return self._look(key).requests

    def get_expiry(self, key: str) -> float:
        """When the caller's window ends."""
        return self._look(key).ends

    def clear(self, key: str) -> None:
        """Forget a caller."""
        name, bucket = self._place(key)
        self._memory.lock()
        try:
            at = self._table.find(name, bucket, bucket + _BUCKET_BYTES)
            if at >= 0:
                _SLOT.pack_into(self._table, at, bytes(_NAME_BYTES), 0.0, 0)
        finally:
            self._memory.unlock()

    def reset(self) -> int | None:
        """Forget everybody."""
        self._memory.lock()
        try:
            self._table[HEAD_BYTES:] = bytes(len(self._table) - HEAD_BYTES)
        finally:
            self._memory.unlock()
        return None

    def check(self) -> bool:
        """Whether counting works."""
        try:
            self._memory.lock()
        except OSError:
            return False
        self._memory.unlock()
        return True

    def close(self) -> None:
        """Let go of the memory; the counts stay for the other workers."""
        self._memory.close()

    def _look(self, key: str) -> Count:
        name, bucket = self._place(key)
        self._memory.lock()
        try:
            now = self._clock()
            at = self._table.find(name, bucket, bucket + _BUCKET_BYTES)
            if at >= 0:
                ends, requests = _NUMBERS.unpack_from(self._table, at + _NAME_BYTES)
                if now < ends:
                    return Count(requests, ends)
            return Count(0, now)
        finally:
            self._memory.unlock()

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
