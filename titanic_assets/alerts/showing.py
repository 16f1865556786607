"""The ledger of alerts as people see it on its asset's page."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.alerts.wording import clock_time
from titanic_assets.metadata import as_table, top_of_table

if TYPE_CHECKING:
    from titanic_assets.alerts.alert import AlertRecord
    from titanic_assets.settings import Settings

ALERT_LEDGER = "alert_ledger"
_SHOWN = 50


def describe_alerts(settings: Settings) -> dict[str, Any]:
    """The newest alerts and what became of them, as metadata of the asset."""
    contents = AlertLedger(settings.places.alerts).read()
    newest = sorted(contents.records, key=lambda record: record.raised, reverse=True)
    states = Counter(record.state for record in newest)
    return {
        "newest": dg.MetadataValue.md(
            top_of_table(
                ["raised (UTC)", "severity", "what", "became of it", "over (UTC)"],
                map(_in_short, newest[:_SHOWN]),
            )
            if newest
            else "There is none yet."
        ),
        "in full": dg.MetadataValue.md(
            as_table(
                ["raised", "severity", "kind", "what", "became of it", "again", "over"],
                map(_in_full, newest[:_SHOWN]),
            )
        ),
        "dagster/row_count": len(newest),
        "sent": states["sent"],
        "to be sent": states["pending"],
        "given up": states["given_up"],
        "not sent, as no webhook was set": states["not_configured"],
        "a webhook is set": settings.slack_webhook_url is not None,
        "lines that could not be read": contents.unreadable,
        "with links": dg.MetadataValue.url(settings.monitor_ui),
        "for programs": dg.MetadataValue.url(f"{settings.monitor_ui}/alerts"),
    }


def shown_anew(settings: Settings) -> dg.AssetMaterialization:
    """The asset as it is now, for whoever has just changed the ledger."""
    return dg.AssetMaterialization(
        ALERT_LEDGER,
        description="An alert was raised or sent.",
        metadata=describe_alerts(settings),
    )


def what_became(record: AlertRecord) -> str:
    """In a sentence's half."""
    if record.state == "sent" and record.sent is not None:
        return f"sent at {clock_time(record.sent)}"
    if record.state == "not_configured":
        return "not sent, as SLACK_WEBHOOK_URL is not set"
    if record.state == "given_up":
        return f"given up after a day: {record.problem}"
    return f"not sent yet: {record.problem}" if record.problem else "not sent yet"


def _in_short(record: AlertRecord) -> list[object]:
    alert = record.alert
    became = "sent" if record.state == "sent" else what_became(record)
    over = _on_a_line(record.over) if record.over is not None else None
    return [_on_a_line(record.raised), alert.severity, alert.title, became, over]


def _on_a_line(at: float) -> str:
    # Columns are narrow, and ordinary blanks would break a moment into three lines.
    return f"{datetime.fromtimestamp(at, UTC):%d %b %H:%M}".replace(" ", "\N{NO-BREAK SPACE}")


def _in_full(record: AlertRecord) -> list[object]:
    alert = record.alert
    return [
        clock_time(record.raised),
        alert.severity,
        alert.kind,
        f"{alert.title}. {alert.text}",
        what_became(record),
        f"{record.repeats} times" if record.repeats else None,
        clock_time(record.over) if record.over is not None else None,
    ]
