"""Counts of requests in Redis, for workers on several machines: `limits`' own asynchronous storage.

It needs the package `redis`.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.errors import ConfigurationError

from bento_service.guard.shared_counts import Count
from bento_service.settings import WrongSetting

_SCHEMES = ("redis://", "rediss://", "redis+unix://")
_PATIENCE_SECONDS = 0.25
_REMEMBERED_ENDS = 4096


class RedisCounts:
    """Windows as in `SharedCounts`, kept by Redis."""

    def __init__(self, url: str) -> None:
        if not url.startswith(_SCHEMES):
            raise WrongSetting(
                "RATE_LIMIT_STORAGE has to begin with redis://, rediss:// or redis+unix://"
            )
        try:
            self._storage = RedisStorage(f"async+{url}", implementation="redispy")
        except ConfigurationError:
            raise WrongSetting(
                "RATE_LIMIT_STORAGE needs the package `redis`: pip install 'redis>=5.2'"
            ) from None
        except ValueError:  # its text may show the password that the address contains
            raise WrongSetting("RATE_LIMIT_STORAGE is not an address of a Redis") from None
        errors = self._storage.base_exceptions
        self._failures: tuple[type[Exception], ...] = (
            OSError,
            *(errors if isinstance(errors, tuple) else (errors,)),
        )
        self._ends: dict[str, float] = {}

    async def count(self, key: str, seconds: int) -> Count:
        """Count a request; what goes wrong is an OSError within a quarter of a second."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                requests = await self._storage.incr(key, seconds)
                return Count(requests, await self._end_of(key, requests, seconds))
        except self._failures as error:
            raise OSError("Redis does not count") from error

    async def close(self) -> None:
        """Hang up."""
        if isinstance(self._storage.bridge, RedispyBridge):
            client: Any = self._storage.bridge.get_connection()  # limits' type of it is incomplete
            await client.aclose()

    async def _end_of(self, key: str, requests: int, seconds: int) -> float:
        """When the window ends. Redis is asked once for each window, not for each request."""
        now = time.time()
        ends = now + seconds if requests == 1 else self._ends.get(key, 0.0)
        if ends <= now:
            ends = await self._storage.get_expiry(key)
        if len(self._ends) >= _REMEMBERED_ENDS:
            self._ends.clear()
        self._ends[key] = ends
        return ends
