"""The runs that `make run` waits for: what a person at the terminal sees of them."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from titanic_assets.settings import Settings
from titanic_assets.stack.dagster_api import Webserver, causes
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger

_OVER = {"RUN_SUCCESS", "RUN_FAILURE", "RUN_CANCELED"}
_TROUBLE = {
    "STEP_UP_FOR_RETRY": "{step} is tried again",
    "STEP_FAILURE": "{step} failed",
    "RUN_FAILURE": "the run failed",
}
_WORTH_SAYING = {"INFO", "WARNING", "ERROR", "CRITICAL"}
_LOOK_EVERY_SECONDS = 0.5
# A sensor looks every few seconds, if it is on.
_STARTED_WITHIN_SECONDS = 30


def follow(
    webserver: Webserver, run: str, say: Callable[[str], None], check: Callable[[], None]
) -> bool:
    """Show the run's steps as they start and end, until it is over; returns whether it succeeded.

    `check` is called now and then, and raises when there is no point in waiting any longer.
    """
    cursor = None
    while True:
        events, cursor = webserver.new_events(run, cursor)
        for event in events:
            if line := describe(event):
                say(line)
            if event.get("eventType") in _OVER:
                return bool(event.get("eventType") == "RUN_SUCCESS")
        check()
        time.sleep(_LOOK_EVERY_SECONDS)


def await_run(
    webserver: Webserver, job: str, known: Collection[str], check: Callable[[], None]
) -> str | None:
    """The run of the job that something else starts now; None when nothing does for long.

    `known` are those that were there before, `check` is as above.
    """
    deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        for run in webserver.runs(job):
            if run not in known:
                return run
        check()
        time.sleep(_LOOK_EVERY_SECONDS)
    return None


def describe(event: Mapping[str, Any]) -> str | None:
    """A line for the terminal, or nothing for the many events that only machines care about."""
    kind, step = event.get("eventType"), event.get("stepKey")
    if kind is None and event.get("level") in _WORTH_SAYING:
        return f"    {event['message']}"
    if kind == "ASSET_MATERIALIZATION":
        return f"  {'/'.join(event['assetKey']['path'])}{_figures(event)}"
    if kind == "ASSET_CHECK_EVALUATION":
        return _broken(event["evaluation"])
    if kind in _TROUBLE:
        words = _TROUBLE[kind].format(step=step)
        return "\n".join([f"  {words}", *(f"    {cause}" for cause in causes(event["error"]))])
    return None


def outcome(settings: Settings, run: str) -> str:
    """What a successful run has promoted, in words."""
    return (
        "\n".join(
            f"version {each.to_version} is {each.alias}: {each.why}"
            for each in _promotions(settings, run)
        )
        or "the run ended well and promoted nothing; candidate_evaluation says why"
    )


def made_a_champion(settings: Settings, run: str) -> bool:
    """Whether the run has promoted a version to champion."""
    return any(each.alias == "champion" for each in _promotions(settings, run))


def _promotions(settings: Settings, run: str) -> list[PromotionEvent]:
    events = PromotionLedger(settings.places.ledger).events()
    return [event for event in events if event.dagster_run_id == run]


def _broken(check: Mapping[str, Any]) -> str | None:
    """A check that stops something; one that only warns is for the UI."""
    if check["success"] or check["severity"] != "ERROR":
        return None
    return f"  {'/'.join(check['assetKey']['path'])}: check {check['checkName']} does not hold"


def _figures(event: Mapping[str, Any]) -> str:
    figures = []
    for entry in event["metadataEntries"]:
        if entry.get("floatValue") is not None:
            figures.append(f"{entry['label']} {entry['floatValue']:.4g}")
        elif entry.get("intValue") is not None:
            figures.append(f"{entry['label'].removeprefix('dagster/')} {entry['intValue']:,}")
    return f": {', '.join(figures)}" if figures else ""
