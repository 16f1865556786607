"""Sends what is pending, each alert once, whoever comes by: one process at a time.

An alert counts as sent when the webhook says so. Where it took one and did not say so in time, the
alert is sent again: told twice is better than not at all.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from titanic_assets.alerts.ledger import AlertLedger, Tried, Trying
from titanic_assets.alerts.planning import Message, expired, next_message
from titanic_assets.alerts.webhook import post
from titanic_assets.tracking.locking import held_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from titanic_assets.settings import Settings

_POSTED_WITHIN_SECONDS = 10.0
_SHORTEST_POST_SECONDS = 0.5
_LOCKED_WITHIN_SECONDS = 1.0


def deliver_pending(
    settings: Settings,
    say: Callable[[str], None],
    *,
    first: str | None = None,
    seconds: float = 20.0,
    clock: Callable[[], float] = time.time,
) -> None:
    """Send what is due, for no longer than that, and say what became of it. Raises nothing.

    With `first` it is that one alert only, which has just been raised.
    """
    ledger = AlertLedger(settings.places.alerts)
    until = time.monotonic() + seconds
    try:
        with held_within(
            ledger.path.with_suffix(".sending.lock"), min(seconds / 3, _LOCKED_WITHIN_SECONDS)
        ) as ours:
            if ours:
                _deliver(settings, ledger, say, first, until, clock)
    except OSError as error:
        say(f"alerts cannot be sent now: {ledger.path} cannot be used ({error.strerror})")


def _deliver(
    settings: Settings,
    ledger: AlertLedger,
    say: Callable[[str], None],
    first: str | None,
    until: float,
    clock: Callable[[], float],
) -> None:
    if settings.slack_webhook_url is not None:
        address = settings.slack_webhook_url.get_secret_value()
        history = f"{settings.monitor_ui}/alerts"
        while time.monotonic() < until:
            message = next_message(ledger.read(), clock(), history=history, first=first)
            if message is None or (first and first not in message.ids):
                break
            went_on = _send(message, address, ledger, say, until, clock)
            if first or not went_on:
                break
    # Afterwards, as who was asleep for a day has not tried for a day.
    for record in expired(ledger.read(), clock()):
        problem = record.problem or "no webhook was set"
        ledger.append(Tried(at=clock(), ids=(record.id,), sent=False, problem=problem))
        say(f"alert given up after a day, as {problem}: {record.alert.title}")


def _send(
    message: Message,
    address: str,
    ledger: AlertLedger,
    say: Callable[[str], None],
    until: float,
    clock: Callable[[], float],
) -> bool:
    """Post it; whether others may be posted after it."""
    ledger.append(Trying(at=clock(), ids=message.ids, again_at=message.again_at))
    left = max(until - time.monotonic(), _SHORTEST_POST_SECONDS)
    patience = min(left, _POSTED_WITHIN_SECONDS)
    outcome = post(address, message.text, message.message_id, patience)
    now = clock()
    if outcome.sent:
        ledger.append(Tried(at=now, ids=message.ids, sent=True))
        say(f"alert sent: {message.titles}")
        return True
    again_at = max(message.again_at, now + (outcome.silence or 0))
    ledger.append(
        Tried(
            at=now,
            ids=message.ids,
            sent=False,
            problem=outcome.problem,
            again_at=again_at,
            all_wait=outcome.silence is not None,
        )
    )
    say(f"alert not sent yet, as {outcome.problem}: {message.titles}")
    return outcome.others_may_pass
