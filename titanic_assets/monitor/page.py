"""The monitor's page for people: how Dagster is, what ran last, who was told what."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from titanic_assets.alerts.wording import clock_time
from titanic_assets.monitor.watching import silence, silent

if TYPE_CHECKING:
    from jinja2 import Template

    from titanic_assets.monitor.health import Automation, Run
    from titanic_assets.monitor.sources import Seen
    from titanic_assets.settings import Settings

_TEMPLATE = Path(__file__).with_name("page.html.jinja")
_ALERTS_SHOWN = 10
# Dagster looks at its sensors every second or so, and at several at once.
_LATE_SECONDS = 30.0


def show(seen: Seen, settings: Settings, now: float) -> str:
    """The page, which needs nothing beside itself."""
    dagster, alerts = seen.dagster.value, seen.alerts.value
    trouble = silence(dagster, now) if dagster else ""
    return _template().render(
        now=now,
        at=clock_time(now),
        problems=[
            (name, look.problem)
            for name, look in (
                ("Dagster's storage", seen.dagster),
                ("The ledger of alerts", seen.alerts),
                ("The reports", seen.reports),
            )
            if look.problem
        ],
        dagster=dagster,
        trouble=trouble,
        silent=silent(dagster, now) if dagster else {},
        tick_words=lambda each: tick_words(each, now),
        run_words=run_words,
        records=sorted(alerts[0].records, key=lambda record: -record.raised)[:_ALERTS_SHOWN]
        if alerts
        else [],
        verdicts=seen.reports.value.verdicts if seen.reports.value else {},
        ago=lambda at: "never" if at is None else f"{duration(now - at)} ago",
        duration=duration,
        clock=clock_time,
        is_address=is_address,
        links={
            "Dagster": settings.dagster_ui,
            "MLflow": settings.mlflow_ui,
            "Predictions": f"{settings.api_url or f'http://localhost:{settings.api_port}'}/ui",
            "Metrics": "/metrics",
            "Alerts as JSON": "/alerts",
        },
        dagster_ui=settings.dagster_ui,
        webhook=settings.slack_webhook_url is not None,
    )


def tick_words(each: Automation, now: float) -> tuple[str, str]:
    """How a sensor or schedule is, as a class of the page and in words."""
    if not each.on:
        return "soft", "switched off"
    if each.overdue(now) > _LATE_SECONDS:
        return "bad", f"overdue for {duration(each.overdue(now))}"
    if each.tick is None:
        return "soft", "has not ticked yet"
    if each.tick.status == "failure":
        return "bad", "failed"
    words = {"started": "looking", "skipped": "nothing to do", "success": "did something"}
    return "good", words[each.tick.status]


def run_words(run: Run) -> str:
    """The class of the page that a run's status has."""
    return {"success": "good", "failure": "bad", "canceled": "warn"}.get(run.status, "soft")


def duration(seconds: float) -> str:
    """So long, in the largest unit that says enough."""
    seconds = max(0.0, seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def is_address(link: str) -> bool:
    """Whether that leads somewhere when it is clicked, and does nothing else."""
    try:
        return urlsplit(link).scheme in ("http", "https")
    except ValueError:
        return False


@cache
def _template() -> Template:
    import jinja2

    page = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return page.from_string(_TEMPLATE.read_text(encoding="utf-8"))
