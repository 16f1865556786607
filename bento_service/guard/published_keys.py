"""The public keys of a key server (JWKS), followed by a thread so that no request waits for them.

A key counts while the server names it. A server that is gone changes nothing for an hour; then,
and at once for keys not known yet, tokens get 503: nobody can tell what they are worth.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any

import jwt

from bento_service.guard.key_sets import named_keys, usable_keys
from bento_service.guard.refusals import keys_unavailable, wrong_token
from bento_service.guard.tokens import TokenKey, key_id
from bento_service.settings import WrongSetting
from bento_service.shown import shown

logger = logging.getLogger(__name__)

_UNKNOWN = "The token is signed with a key (kid) that the key server does not name."


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the key server is asked and how long it is waited for, in seconds."""

    refresh: float = 30.0  # and so the longest that a withdrawn key goes on
    cool_down: float = 2.0  # the least between two requests, however many tokens name odd keys
    kept: float = 3600.0  # keys go on for so long after the last good answer
    timeout: float = 3.0
    patience: float = 1.0  # of one request whose key is not known


USUAL_PACE = Pace()


class PublishedKeys:
    """The keys as the server last named them."""

    def __init__(self, url: str, pace: Pace = USUAL_PACE) -> None:
        try:
            self._server = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=pace.timeout)
        except jwt.PyJWTError:
            raise WrongSetting("JWKS_URL has to begin with https:// or http://") from None
        self._pace = pace
        self._keys: dict[str, TokenKey] = {}
        self._named: dict[str, Any] = {}
        self._good_at = self._tried_at = float("-inf")
        self._asking = False
        self._closed = False
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self.generation = 0
        self.reachable = True

    def start(self) -> None:
        """Ask now and from now on."""
        with self._lock:
            self._ask_now()
        threading.Thread(target=self._follow, name="published-keys", daemon=True).start()

    def close(self) -> None:
        """Ask no more; does not wait for a request that is under way."""
        self._closed = True
        self._wanted.set()

    def find(self, token: bytes) -> TokenKey | None:
        """The token's key, if the server named it and that is not too long ago."""
        named = key_id(token)
        if named is None:
            raise wrong_token("The token does not say which key it is signed with (kid).")
        key = self._keys.get(named)
        return key if key is not None and self._still_count() else None

    async def fetch(self, token: bytes) -> TokenKey:
        """The token's key, after asking the server if it was not asked just now."""
        settled = await self._asked()
        key = self.find(token)
        if key is not None:
            return key
        if not (settled and self.reachable) or not self._still_count():
            raise keys_unavailable(self._pace.cool_down)
        raise wrong_token(_UNKNOWN)

    def _still_count(self) -> bool:
        return monotonic() - self._good_at <= self._pace.kept

    async def _asked(self) -> bool:
        """Whether what is known of the keys is as new as can be had."""
        done = asyncio.get_running_loop().create_future()
        with self._lock:
            since = monotonic() - self._tried_at
            if not self._asking:
                if since < self._pace.cool_down:
                    return True
                self._ask_now()
            elif since > self._pace.patience:
                return False  # the server hangs: more waiting would only pile up requests
            self._waiting.append((asyncio.get_running_loop(), done))
        try:
            async with asyncio.timeout(self._pace.patience):
                await done
        except TimeoutError:
            return False
        return True

    def _ask_now(self) -> None:
        self._asking = True
        self._tried_at = monotonic()
        self._wanted.set()

    def _follow(self) -> None:
        while True:
            self._wanted.wait(self._pace.refresh if self.reachable else self._pace.cool_down)
            if self._closed:
                return
            with self._lock:
                self._ask_now()
                self._wanted.clear()
            self._ask()
            with self._lock:
                self._asking = False
                waiting, self._waiting = self._waiting, []
            for loop, done in waiting:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(_finish, done)

    def _ask(self) -> None:
        try:
            named = named_keys(self._server.fetch_data())
        except Exception as error:  # noqa: BLE001  whatever the server sends, the thread goes on
            if self.reachable:
                self.reachable = False
                logger.warning(
                    "cannot get the keys of tokens, the known ones go on for %.0f minutes: %s",
                    self._pace.kept / 60,
                    shown(str(error)),
                )
            return
        if named != self._named or not self.generation:
            self._keys, self._named = usable_keys(named), named
            self.generation += 1
            logger.info("the key server names %d keys that can be used", len(self._keys))
        if not self.reachable:
            logger.info("the keys of tokens can be had again")
        self._good_at, self.reachable = monotonic(), True


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
