"""Raising an alert: it is written down, and whoever is set is told at once where that works.

Whoever alerts has more urgent things to do, so nothing here raises, and nothing takes long. What
cannot be sent now is sent later, by `deliver_pending`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from titanic_assets.alerts.alert import Alert, AlertRecord
from titanic_assets.alerts.delivery import deliver_pending
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.alerts.planning import MOST_IN_AN_HOUR
from titanic_assets.alerts.webhook import post
from titanic_assets.alerts.wording import as_message, presentable

if TYPE_CHECKING:
    from collections.abc import Callable

    from titanic_assets.settings import Settings

_HOUR = 3600.0
_AT_ONCE_SECONDS = 3.0
# Without a ledger: what this process has posted, by key, when, and whether it was taken.
_unwritten: dict[str, tuple[float, bool]] = {}
_RETRY_SECONDS = 300.0


def raise_alert(
    settings: Settings,
    alert: Alert,
    say: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.time,
) -> AlertRecord:
    """Write it down, send it, and say what became of it.

    The same as one raised within ALERT_REPEAT_HOURS is counted there, and not sent again.
    """
    alert = presentable(alert, settings)
    ledger = AlertLedger(settings.places.alerts)
    try:
        record, is_news = ledger.enter(
            alert,
            clock(),
            repeat_seconds=settings.alert_repeat_hours * _HOUR,
            configured=settings.slack_webhook_url is not None,
        )
    except OSError as error:
        say(f"alert not entered in {ledger.path} ({error.strerror}): {alert.title}. {alert.text}")
        return _tell_without_ledger(settings, alert, say, clock())
    if not is_news:
        say(f"told already, {record.repeats} times since: {alert.title}")
        return record
    if record.state == "not_configured":
        say(f"alert not sent, as SLACK_WEBHOOK_URL is not set: {alert.title}. {alert.text}")
        return record
    deliver_pending(settings, say, first=record.id, seconds=_AT_ONCE_SECONDS, clock=clock)
    try:
        return ledger.read().record(record.id) or record
    except OSError:
        return record


def trouble_over(
    settings: Settings,
    key: str,
    say: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.time,
) -> AlertRecord | None:
    """Write down that it is over, so that the next of this key is told as news."""
    ledger = AlertLedger(settings.places.alerts)
    try:
        record = ledger.close(key, clock())
    except OSError as error:
        say(f"{ledger.path} cannot be written ({error.strerror})")
        return None
    if record:
        say(f"over: {record.alert.title}")
    return record


def _tell_without_ledger(
    settings: Settings, alert: Alert, say: Callable[[str], None], now: float
) -> AlertRecord:
    """A full disk is no reason to be silent, nor to say the same every half a minute."""
    record = AlertRecord(uuid4().hex, alert, now, "pending", problem="the ledger is out of order")
    if settings.slack_webhook_url is None:
        return replace(record, state="not_configured")
    again = max(settings.alert_repeat_hours, 1) * _HOUR
    for key, (at, taken) in [*_unwritten.items()]:
        # What is still to come was posted by a clock that has been set back.
        if not 0 <= now - at < (again if taken else _RETRY_SECONDS):
            _unwritten.pop(key, None)
    lately = sum(now - at < _HOUR for at, _ in [*_unwritten.values()])
    if alert.key in _unwritten or lately >= MOST_IN_AN_HOUR:
        return record
    address = settings.slack_webhook_url.get_secret_value()
    outcome = post(address, as_message(record, now), record.id, _AT_ONCE_SECONDS)
    _unwritten[alert.key] = now, outcome.sent
    if outcome.sent:
        say(f"alert sent: {alert.title}")
        return replace(record, state="sent", attempts=1, sent=now)
    say(f"alert not sent, as {outcome.problem}: {alert.title}")
    return replace(record, attempts=1, problem=outcome.problem)
