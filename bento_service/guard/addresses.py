"""Callers without tokens: those on this machine, or everybody. An address is all there is of them.

They may predict and nothing more: the scope `admin` comes with a token only.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from bento_service.guard.refusals import no_token
from bento_service.http import Caller, Scope

_MAY = frozenset({"predict"})
_WITHOUT_ADDRESS = Caller("local", _MAY)  # a unix socket's peer

# Whoever sends one of these speaks for somebody else, who may be anywhere.
_FORWARDED = frozenset(
    {
        b"x-forwarded-for",
        b"forwarded",
        b"x-real-ip",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"via",
    }
)
_ONLY_NEAR = (
    "Without a key only callers on this machine are answered. Set JWT_SECRET or JWKS_URL and send "
    "a token, or let everybody in with AUTH=off."
)


class AnyCallers:
    """Everybody is answered."""

    keys_reachable = True

    def start(self) -> None:
        """Nothing goes on in the background."""

    def close(self) -> None:
        """Nothing goes on in the background."""

    def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        """The address."""
        del headers
        client = scope.get("client")
        return _read(client[0])[0] if client else _WITHOUT_ADDRESS

    async def identify_later(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        """The address; there is nothing to wait for."""
        return self.identify(scope, headers)


class NearCallers(AnyCallers):
    """Only callers on this machine are answered."""

    def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        """The address, if it is this machine's and nobody else's words are passed on."""
        client = scope.get("client")
        if client:
            caller, near = _read(client[0])
            if (
                near
                and _FORWARDED.isdisjoint(headers)
                and _names_this_machine(headers.get(b"host", b"localhost"))
            ):
                return caller
        raise no_token(_ONLY_NEAR)


@lru_cache(maxsize=256)
def _names_this_machine(host: bytes) -> bool:
    """Whether that is how one asks for this machine.

    The page of a stranger could have its own name point here, and its visitors' browsers would
    take the service for a part of it.
    """
    name = host.decode("latin-1").lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _read(host: str) -> tuple[Caller, bool]:
    """The caller at an address, and whether that is this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a unix socket's path, or a made-up name
        return Caller(host[:128] or _WITHOUT_ADDRESS.key, _MAY), False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return Caller(str(address), _MAY), address.is_loopback
