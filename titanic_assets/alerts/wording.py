"""What people read: an alert as a message, without secrets and without what pings a whole channel.

Plain text and addresses, which any webhook takes that takes Slack's form.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from titanic_assets.alerts.alert import Alert, AlertRecord
from titanic_assets.sources import addresses

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

_LONGEST_TITLE, _LONGEST_TEXT, _LONGEST_KEY = 200, 2500, 300
_LISTED = 15
_LATE_SECONDS = 120.0
_SECRET_NAME = re.compile("SECRET|TOKEN|PASSWORD|PASSWD|ACCESS_KEY|API_KEY|CREDENTIAL|WEBHOOK")
_SHORTEST_SECRET, _SHORTEST_SECRET_PATH = 8, 16
_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@'\"]+@")
# Chats read these as calls to everybody, and names of files can be made to look like them.
_CALLS = re.compile(r"@(?=(channel|here|everyone|all)\b)", re.IGNORECASE)


def presentable(alert: Alert, settings: Settings) -> Alert:
    """The alert as it may be kept and shown: bounded, and without what nobody is to know."""
    secrets = known_secrets(settings, os.environ)

    def clean(text: str, longest: int) -> str:
        # Names of files may have bytes in them that are no text.
        text = text.encode(errors="replace").decode()
        text = without_secrets(text, settings, secrets)
        return text if len(text) <= longest else f"{text[: longest - 1]}…"

    return replace(
        alert,
        key=clean(alert.key, _LONGEST_KEY),
        title=clean(" ".join(alert.title.split()), _LONGEST_TITLE),
        text=clean(alert.text.strip(), _LONGEST_TEXT),
        links={
            clean(name, _LONGEST_TITLE): clean(address, _LONGEST_TEXT)
            for name, address in alert.links.items()
            if address
        },
    )


def known_secrets(settings: Settings, environment: Mapping[str, str]) -> frozenset[str]:
    """The webhook's address and its parts, and what the environment has under a secret's name."""
    found = {value for name, value in environment.items() if _SECRET_NAME.search(name.upper())}
    if settings.slack_webhook_url:
        address = settings.slack_webhook_url.get_secret_value()
        path = address.partition("://")[2].partition("/")[2]
        found |= {address, *([path] if len(path) >= _SHORTEST_SECRET_PATH else [])}
    return frozenset(value for value in found if len(value) >= _SHORTEST_SECRET)


def without_secrets(text: str, settings: Settings, secrets: Iterable[str]) -> str:
    """The text with everything taken out that nobody is to know."""
    for address in (settings.titanic_source, settings.titanic_tracking_uri or ""):
        text = addresses.without_secrets(text, address) if address else text
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return without_users(text)


def without_users(text: str) -> str:
    """The text without the users and passwords in its addresses."""
    return _USER_IN_ADDRESS.sub("***@", text)


def as_message(record: AlertRecord, now: float) -> str:
    """One alert for the chat. One that comes late says since when it is true."""
    alert = record.alert
    when = ""
    if record.over is not None:
        when = f" ({clock_time(record.raised)}, over since {clock_time(record.over)})"
    elif now - record.raised > _LATE_SECONDS:
        when = f" (since {clock_time(record.raised)})"
    links = [f"{name}: {address}" for name, address in alert.links.items()]
    return _tame("\n".join([f"[{alert.severity}] {alert.title}{when}", alert.text, *links]))


def as_summary(records: Iterable[AlertRecord], history: str) -> str:
    """Several alerts in one message."""
    records = tuple(records)
    lines = [
        f"[{record.alert.severity}] {record.alert.title} (since {clock_time(record.raised)})"
        for record in records[:_LISTED]
    ]
    if len(records) > _LISTED:
        lines.append(f"and {len(records) - _LISTED} more")
    return _tame("\n".join([f"{len(records)} alerts, told together:", *lines, f"All: {history}"]))


def clock_time(at: float) -> str:
    """A moment as people write it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _tame(text: str) -> str:
    return _CALLS.sub("@\u200b", text).replace("<", "\u2039").replace(">", "\u203a")
