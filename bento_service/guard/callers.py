"""Who is calling: made from the settings, asked once for each request.

With a key configured a caller is who the token says; without one, the address that calls.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from bento_service.guard.addresses import AnyCallers, NearCallers
from bento_service.guard.refusals import not_allowed
from bento_service.http import Caller, Refused, Scope
from bento_service.settings import Settings

if TYPE_CHECKING:
    from bento_service.guard.published_keys import Pace

logger = logging.getLogger(__name__)

CALLER_KEY = b"x-caller-key"
_LONGEST_CALLER_KEY = 128


class Callers(Protocol):
    """What tells who is calling."""

    def start(self) -> None:
        """Begin whatever goes on in the background; once, in the process that answers."""

    def close(self) -> None:
        """End it."""

    @property
    def keys_reachable(self) -> bool:
        """Whether the keys could be had when they were last asked for."""

    def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller | None:
        """The caller, or None where `identify_later` has to be awaited; or raise `Refused`."""

    async def identify_later(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        """The caller, after asking the key server; or raise `Refused`."""


def make_callers(settings: Settings, pace: Pace | None = None) -> Callers:
    """The way of telling callers that these settings ask for."""
    if settings.auth == "off":
        return AnyCallers()
    if not settings.asks_for_tokens:
        return NearCallers()
    # What reads tokens takes 10 MB of each worker, which those without a key need not have.
    from bento_service.guard.bearers import BearerCallers
    from bento_service.guard.published_keys import USUAL_PACE, PublishedKeys
    from bento_service.guard.secret_key import SecretKey
    from bento_service.guard.tokens import Expected

    expected = Expected(settings.jwt_audience, settings.jwt_issuer)
    if settings.jwt_secret:
        return BearerCallers(SecretKey(settings.jwt_secret), expected)
    return BearerCallers(PublishedKeys(str(settings.jwks_url), pace or USUAL_PACE), expected)


def warn_of_open_door(settings: Settings) -> None:
    """Say that anybody may ask as often as he likes, where that is so and no limit was named."""
    if settings.auth == "off" and settings.rate_limit is None:
        logger.warning(
            "everybody is answered, without a limit: AUTH is off and RATE_LIMIT is not set"
        )


def require(caller: Caller, needed: str) -> None:
    """Refuse a caller whose token does not have the scope `needed`."""
    if needed not in caller.scopes:
        raise not_allowed(needed)


def asked_for(headers: dict[bytes, bytes]) -> str:
    """On whose behalf a backend asks, by `X-Caller-Key`; empty when it does not say."""
    named = headers.get(CALLER_KEY)
    if named is None:
        return ""
    text = named.decode("latin-1")
    if not (0 < len(text) <= _LONGEST_CALLER_KEY and text.isascii() and text.isprintable()):
        raise Refused(
            422,
            "invalid_input",
            f"The header X-Caller-Key takes 1 to {_LONGEST_CALLER_KEY} printable ASCII characters.",
            field="X-Caller-Key",
        )
    return text
