"""How often a caller may ask: `RATE_LIMIT`, counted for all workers together.

Where the shared counts fail, counting goes on nearer by (Redis, this machine, this process): a
request is not refused because nobody can count it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from limits import RateLimitItem, parse_many

from bento_service.guard.outage import Outage
from bento_service.guard.redis_counts import RedisCounts
from bento_service.guard.shared_counts import Count, SharedCounts
from bento_service.http import Headers, Refused
from bento_service.settings import Settings, WrongSetting

_USUAL = "600/minute"
_FILE = "rate-limits"
_NO_HEADERS: Headers = ()


@dataclass(frozen=True, slots=True)
class _Limit:
    requests: int
    seconds: int
    words: str
    header: tuple[bytes, bytes]
    key_for: Callable[[str], str]


class RateLimits:
    """The limits of the settings. `folder` is the one that the workers of this machine share.

    Several limits (`10/second;600/minute`) hold together: the shorter window is counted first, and
    a request that it refuses does not use up the longer one.
    """

    def __init__(
        self, settings: Settings, folder: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._limits = tuple(_limit(item) for item in limits_of(settings))
        self._redis: RedisCounts | None = None
        self._redis_outage = Outage(
            "Redis does not count requests, each machine does by itself until it is back",
            "Redis counts requests again",
            clock,
        )
        self._file_outage = Outage(
            "the shared counts of requests cannot be used, each worker counts by itself",
            "the workers count requests together again",
            clock,
        )
        self._alone = SharedCounts(buckets=256, clock=clock)
        self._here = self._alone
        if self._limits:
            self._here = self._open(folder)
            if settings.rate_limit_storage:
                self._redis = RedisCounts(settings.rate_limit_storage)

    @property
    def counted_apart(self) -> bool:
        """Whether workers that should count together do not, just now."""
        return self._redis_outage.lasts or self._file_outage.lasts

    def hit(self, key: str) -> Headers | None:
        """Count a request: headers for its answer; None to await `hit_remotely`; or `Refused`."""
        if not self._limits:
            return _NO_HEADERS
        if self._redis is not None and not self._redis_outage.leave_alone():
            return None
        return self._hit_here(key)

    async def hit_remotely(self, key: str) -> Headers:
        """Count a request in Redis: headers for its answer, or `Refused`."""
        if self._redis is None:
            return self._hit_here(key)
        headers = _NO_HEADERS
        least = math.inf
        for limit in self._limits:
            try:
                count = await self._redis.count(limit.key_for(key), limit.seconds)
            except OSError as error:
                self._redis_outage.began(error)
                return self._hit_here(key)
            self._redis_outage.ended()
            left = self._left(limit, count)
            if left < least:
                least, headers = left, _headers(limit, left, count)
        return headers

    async def close(self) -> None:
        """Let go of what is shared."""
        if self._redis is not None:
            await self._redis.close()
        self._here.close()
        self._alone.close()

    def _hit_here(self, key: str) -> Headers:
        headers = _NO_HEADERS
        least = math.inf
        for limit in self._limits:
            count = self._count(limit.key_for(key), limit.seconds)
            left = self._left(limit, count)
            if left < least:
                least, headers = left, _headers(limit, left, count)
        return headers

    def _count(self, key: str, seconds: int) -> Count:
        if self._file_outage.leave_alone():
            return self._alone.count(key, seconds)
        try:
            count = self._here.count(key, seconds)
        except OSError as error:
            self._file_outage.began(error)
            return self._alone.count(key, seconds)
        if self._here is not self._alone:
            self._file_outage.ended()
        return count

    def _left(self, limit: _Limit, count: Count) -> int:
        if count.requests <= limit.requests:
            return limit.requests - count.requests
        wait = max(1, math.ceil(count.ends - self._clock()))
        raise Refused(
            429,
            "too_many_requests",
            f"At most {limit.words} are answered for each caller. Try again in {wait} s.",
            headers=((b"retry-after", b"%d" % wait), *_headers(limit, 0, count)),
        )

    def _open(self, folder: Path) -> SharedCounts:
        try:
            return SharedCounts(folder / _FILE, clock=self._clock)
        except OSError as error:
            self._file_outage.began(error)
            return self._alone


def _headers(limit: _Limit, left: int, count: Count) -> Headers:
    """As GitHub has them: the reset is a time, in seconds since 1970."""
    return (
        limit.header,
        (b"x-ratelimit-remaining", b"%d" % left),
        (b"x-ratelimit-reset", b"%d" % math.ceil(count.ends)),
    )


def _limit(item: RateLimitItem) -> _Limit:
    span = (
        item.GRANULARITY.name
        if item.multiples == 1
        else f"{item.multiples} {item.GRANULARITY.name}s"
    )
    item.namespace = "titanic-survival"  # others may count in the same Redis
    return _Limit(
        item.amount,
        item.get_expiry(),
        f"{item.amount:,} requests per {span}",
        (b"x-ratelimit-limit", b"%d" % item.amount),
        lru_cache(maxsize=4096)(item.key_for),
    )


def limits_of(settings: Settings) -> list[RateLimitItem]:
    """The limits of the settings, the shortest first; `WrongSetting` if they cannot be read."""
    written = settings.rate_limit or (_USUAL if settings.asks_for_tokens else "none")
    if written.strip().lower() == "none":
        return []
    try:
        items = parse_many(written)
    except ValueError:
        items = []
    if not items or not all(item.amount > 0 for item in items):
        raise WrongSetting(
            f"RATE_LIMIT={written!r}: write it as 600/minute, as several like "
            "10/second;600/minute, or as none"
        )
    return sorted(items, key=lambda item: item.get_expiry())
