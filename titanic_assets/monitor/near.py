"""Who may ask: on loopback, whoever asks for this machine by its own name or address.

The page of a stranger could have its own name point here, and its visitors' browsers would take
the monitor for a part of it.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from titanic_assets.monitor.answering import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def only_near(app: ASGIApp, bind_host: str) -> ASGIApp:
    """The app behind a door that refuses other names, where it listens on loopback."""
    if not _is_loopback(bind_host):
        return app
    closed = refusal(403, "foreign_host", "This monitor is asked for as localhost.")

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if not all(names_this_machine(host.decode("latin-1")) for host in hosts):
                await closed(scope, receive, send)
                return
        await app(scope, receive, send)

    return door


def names_this_machine(host: str) -> bool:
    """Whether that is how one asks for this machine: localhost, or an address."""
    name, ending, port = host.lower().partition("]" if host.startswith("[") else ":")
    if ending == "]" and port and not port.startswith(":"):
        return False
    name = name.removeprefix("[")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(bind_host: str) -> bool:
    try:
        return ipaddress.ip_address(bind_host).is_loopback
    except ValueError:
        return bind_host == "localhost" or bind_host.endswith(".localhost")
