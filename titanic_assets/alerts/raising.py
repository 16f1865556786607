"""Raising an alert: it is written down, and whoever is set is told at once where that works.

Whoever alerts has more urgent things to do, so nothing here raises, and nothing takes long. What
cannot be sent now is sent later, by `deliver_pending`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from titanic_assets.alerts.alert import Alert, AlertRecord
from titanic_assets.alerts.delivery import deliver_pending
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.alerts.wording import presentable

if TYPE_CHECKING:
    from collections.abc import Callable

    from titanic_assets.settings import Settings

_HOUR = 3600.0
_AT_ONCE_SECONDS = 3.0


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
        return AlertRecord("", alert, clock(), "pending", problem="the ledger cannot be written")
    if not is_news:
        say(f"told already, {record.repeats} times since: {alert.title}")
        return record
    if record.state == "not_configured":
        say(
            f"alert not sent, as SLACK_WEBHOOK_URL is not set: {alert.title}. {alert.text}",
        )
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
