"""The occasions on which people are told, failed runs aside, each in words for a person on call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from titanic_assets.alerts.alert import Alert
from titanic_assets.alerts.failed_runs import release_key

if TYPE_CHECKING:
    from titanic_assets.monitoring.verdicts import ReportVerdict
    from titanic_assets.settings import Settings
    from titanic_assets.tracking.ledger import PromotionEvent


def drift(
    settings: Settings, verdict: ReportVerdict, version: int | None, fields: Iterable[str]
) -> Alert:
    """The passengers of late are not those that the champion was trained on."""
    named = ",".join(sorted(fields))
    return Alert(
        kind="drift",
        key=f"drift:{version}:{named or verdict.report_id}",
        title=f"Passengers have changed since {_named(version)} was trained",
        text=f"{verdict.why}\nFor users: the service answers as before, but its answers may be "
        f"wrong more often for passengers unlike those it has learned from.\n{_retraining()} "
        "More: docs/alerts.md, drift.",
        links=_links(
            {
                "Report": verdict.link,
                "History": f"{settings.dagster_ui}/assets/drift_report",
            }
        ),
    )


def performance(settings: Settings, verdict: ReportVerdict, version: int | None) -> Alert:
    """The champion is right less often than it was when it was promoted."""
    return Alert(
        kind="performance",
        key=f"performance:{version}",
        title=f"{_named(version).capitalize()} is right less often than promised",
        text=f"{verdict.why}\nFor users: the service answers, and is wrong more often than it "
        f"was.\n{_retraining()} If it is much worse, `make rollback` brings back the version "
        "before. More: docs/alerts.md, performance.",
        links=_links(
            {
                "Report": verdict.link,
                "History": f"{settings.dagster_ui}/assets/performance_report",
            }
        ),
    )


def release_refused(
    settings: Settings, release: str, *, reason: str, answering: str, challenger: bool
) -> Alert:
    """The service does not take what should be live."""
    if challenger:
        means = "nothing changes; only the challenger is not scored beside the champion."
    elif answering:
        means = f"version {answering} goes on answering."
    else:
        means = "no model answers; every prediction is refused with status 503."
    return Alert(
        kind="release_refused",
        key=release_key(release),
        title=f"The service refuses {'challenger ' if challenger else ''}release {release}",
        text=f"The service should be serving it and does not: {reason}\nFor users: {means}\n"
        "To do: read the reason in /api/v1/model of the service or in its log. If the release "
        "needs newer code, restart the service from the newest bento; if it is damaged, launch "
        "bundle_job; or give `make rollback`. More: docs/alerts.md, release_refused.",
        severity="warning" if answering or challenger else "critical",
        links=_links(
            {
                "Service": f"{settings.service_url}/api/v1/model",
                "Releases": f"{settings.dagster_ui}/assets/live_release",
            }
        ),
    )


def stale_data(settings: Settings, asset: str, hours: float) -> Alert:
    """Nobody has made an asset anew for longer than is usual."""
    made_by = (
        "training_job (weekly, and on every landed list)"
        if asset == "validated_passengers"
        else "monitoring_job (every six hours)"
    )
    return Alert(
        kind="stale_data",
        key=f"stale_data:{asset}",
        title=f"{asset} is out of date",
        text=f"{asset} has not been made anew for over {_duration(hours)}.\nFor users: the "
        f"service answers as before; what it is judged or trained by is old.\nTo do: {made_by} "
        "makes it. Look whether its runs fail, whether its schedule is on, and whether Dagster's "
        "daemon runs; then launch it. More: docs/alerts.md, stale_data.",
        links=_links(
            {
                "Asset": f"{settings.dagster_ui}/assets/{asset}",
                "Runs": f"{settings.dagster_ui}/runs",
            }
        ),
    )


def rollback(settings: Settings, event: PromotionEvent, run_id: str) -> Alert:
    """A release was withdrawn, and nobody had asked for it."""
    return Alert(
        kind="rollback",
        key=f"rollback:{event.event_id}",
        title=f"Version {event.from_version} was withdrawn automatically, version "
        f"{event.to_version} answers again",
        text=f"Why: {event.why}.\nFor users: predictions come from version {event.to_version} "
        f"again.\nTo do: find out what is wrong with version {event.from_version}. It is not "
        f"promoted again unless a person does (make promote VERSION={event.from_version}). "
        "More: docs/alerts.md, rollback.",
        severity="critical",
        links=_links({"Run": f"{settings.dagster_ui}/runs/{run_id}"}),
    )


def a_test(settings: Settings, run_id: str, note: str) -> Alert:
    """A try, from the UI."""
    return Alert(
        kind="test",
        key=f"test:{run_id}",
        title="A test: alerts arrive here",
        text=f"{note}\nFor users: nothing has happened.\nTo do: nothing.",
        severity="info",
        links=_links({"Run": f"{settings.dagster_ui}/runs/{run_id}"}),
    )


def _named(version: int | None) -> str:
    return "the live version" if version is None else f"version {version}"


def _retraining() -> str:
    return (
        "To do: nothing at once. training_job is started for it by itself; a model that is better "
        "goes live, and else this one stays. Read the report: is it the world that has changed, or "
        "a caller that sends something wrong?"
    )


def _duration(hours: float) -> str:
    days = hours / 24
    return f"{days:g} days" if hours >= 48 and days == int(days) else f"{hours:g} hours"


def _links(links: Mapping[str, str | None]) -> dict[str, str]:
    return {name: address for name, address in links.items() if address}
