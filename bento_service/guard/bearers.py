"""Callers with tokens: `Authorization: Bearer`. A token that was found good is remembered."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from bento_service.guard.refusals import no_token, wrong_token
from bento_service.guard.tokens import Expected, TokenKey, read_token
from bento_service.http import Caller, Scope

LONGEST_TOKEN = 8 * 1024
# A token is looked at again after this, whatever its own end is.
REMEMBERED_SECONDS = 60.0
# At 8 KiB each, the longest there are, 16 MiB.
REMEMBERED_TOKENS = 2048

_ASK = "This needs a token. Send the header `Authorization: Bearer <token>`."
_SCHEME = "The header Authorization has to be `Bearer <token>`."
_TOO_LONG = f"The token is too long: {LONGEST_TOKEN:,} bytes at most."


class Keys(Protocol):
    """Where the key of a token is found."""

    @property
    def generation(self) -> int:
        """Another number once there are other keys."""

    @property
    def reachable(self) -> bool:
        """Whether the keys could be had when they were last asked for."""

    def start(self) -> None:
        """Begin to follow the keys."""

    def close(self) -> None:
        """Cease to."""

    def find(self, token: bytes) -> TokenKey | None:
        """The token's key if it is at hand."""

    async def fetch(self, token: bytes) -> TokenKey:
        """The token's key, after asking for it; or raise `Refused`."""


class BearerCallers:
    """Whoever has a token."""

    def __init__(
        self, keys: Keys, expected: Expected, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._expected = expected
        self._clock = clock
        self._generation = keys.generation
        self._known: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def start(self) -> None:
        """Begin to follow the keys."""
        self._keys.start()

    def close(self) -> None:
        """Cease to, and forget the tokens."""
        self._keys.close()
        self._known.clear()

    @property
    def keys_reachable(self) -> bool:
        """Whether the keys could be had when they were last asked for."""
        return self._keys.reachable

    def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller | None:
        """Who the token says is asking; None if its key has to be fetched first."""
        del scope
        header = headers.get(b"authorization", b"")
        if self._generation != self._keys.generation:
            self._generation = self._keys.generation  # a key may have been withdrawn
            self._known.clear()
        known = self._known.get(header)
        if known is not None:
            caller, until = known
            if self._clock() < until:
                self._known.move_to_end(header)
                return caller
            del self._known[header]
        token = _token_in(header)
        key = self._keys.find(token)
        return None if key is None else self._read(header, token, key)

    async def identify_later(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        """Who the token says is asking, after its key was asked for."""
        del scope
        header = headers.get(b"authorization", b"")
        token = _token_in(header)
        return self._read(header, token, await self._keys.fetch(token))

    def _read(self, header: bytes, token: bytes, key: TokenKey) -> Caller:
        caller, until = read_token(token, key, self._expected)
        self._known[header] = (caller, min(until, self._clock() + REMEMBERED_SECONDS))
        if len(self._known) > REMEMBERED_TOKENS:
            self._known.popitem(last=False)
        return caller


def _token_in(header: bytes) -> bytes:
    if not header:
        raise no_token(_ASK)
    scheme, _, token = header.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token or b" " in token:
        raise no_token(_SCHEME)
    if len(token) > LONGEST_TOKEN:
        raise wrong_token(_TOO_LONG)
    return token
