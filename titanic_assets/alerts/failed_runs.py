"""A failed run as an alert: what failed, what that means for users now, what to do about it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from titanic_assets.alerts.alert import Alert, Kind, Severity

# Launched from a button in the UI.
_BY_HAND = "__ASSET_JOB"
_LONGEST_REASON = 900
_VARYING = re.compile(r"[0-9a-f]{8,}|\d+")
# Reading and judging lists; what fails there with a list's name is about that list.
_JUDGING_STEPS = {"raw_passengers", "validation"}


@dataclass(frozen=True)
class FailedRun:
    """A run that failed for good. `step` is empty where none had begun."""

    run_id: str
    job: str
    step: str
    reason: str
    # Whether it says of lists of passengers that they are not fit to be read or used.
    about_lists: bool = False
    # Whether it only ended because the stack did.
    cut_off: bool = False
    # The release that was to go live, where one was.
    release: str = ""
    report: str | None = None


@dataclass(frozen=True)
class _Words:
    means: str
    do: str
    severity: Severity = "warning"


_OF_JOBS = {
    "training_job": _Words(
        "the service answers as before, with the model it has. No newer model is trained until "
        "this is mended.",
        "open the run and read the step that failed; mend the cause; then launch training_job "
        "again. The next list that lands and the weekly schedule start it, too.",
    ),
    "bundle_job": _Words(
        "the service answers as before, with the version before. The one that was promoted is not "
        "live.",
        "open the run and read the step that failed; mend the cause; then launch bundle_job again.",
    ),
    "rollback_job": _Words(
        "the version that was to be withdrawn may still be answering.",
        "look which version answers (/api/v1/health of the service). If it is still that one, "
        "mend the cause and give `make rollback`.",
        "critical",
    ),
    "flip_job": _Words(
        "the service answers as before, with the champion. The challenger was not promoted.",
        "open the run, mend the cause, and launch flip_job again from the run's page.",
    ),
    "image_job": _Words(
        "the service answers as before. There is no container image of the newest release.",
        "open the run, mend the cause, and launch image_job again.",
    ),
    "monitoring_job": _Words(
        "the service answers as before, but nobody watches for drift and performance meanwhile.",
        "open the run, mend the cause, and launch monitoring_job again. The next one is due within "
        "six hours.",
    ),
}
_OF_OTHERS = _Words(
    "the service answers as before.",
    "open the run and read the step that failed; mend the cause; then launch it again.",
)


def alert_of_failed_run(run: FailedRun, dagster_ui: str) -> Alert:
    """What a person on call has to know of it."""
    words = _OF_JOBS.get(run.job, _OF_OTHERS)
    what = f"{run.step} (launched by hand)" if run.job == _BY_HAND else run.job
    kind: Kind = "run_failed"
    title = f"{what} failed"
    key = f"run_failed:{run.job}:{run.step}:{_digest(run.reason)}"
    means, do, severity, reason, how = words.means, words.do, words.severity, run.reason, "failed"
    if run.cut_off:
        title, key, how = f"{what} was cut off", f"run_failed:{run.job}:cut_off", "was cut off"
        reason = "the stack or the machine was stopped while it ran."
        severity = "critical" if severity == "critical" else "info"
        do = (
            "nothing about the stop if somebody meant it. Launch the job again, unless something "
            "has done so since."
        )
    elif run.step in _JUDGING_STEPS and run.about_lists:
        kind, title = "batch_refused", "A passenger list was refused"
        # Counts and names are what tells one refused list from another.
        key = f"batch_refused:{hashlib.sha256(run.reason.encode()).hexdigest()[:12]}"
        means = "nothing of that run is used, and the service answers as before."
        do = (
            "mend the list and land it again. A list in the landing folder is left out from now "
            "on, and its bad rows are in the quarantine with reasons; a configured source is tried "
            "again by every run."
        )
    elif run.step == "live_release":
        kind, title = "release_refused", "A release did not go live"
        key = release_key(run.release) if run.release else key
        means = "the service answers as before, with the version before, if it answers at all."
    at = f" at {run.step}" if run.step and run.job != _BY_HAND else ""
    links = {"Run": f"{dagster_ui}/runs/{run.run_id}", "Report": run.report or ""}
    return Alert(
        kind=kind,
        key=key,
        title=title,
        text=f"{what} {how}{at}: {_short(reason)}\nFor users: {means}\nTo do: {do} "
        f"More: docs/alerts.md, {kind}.",
        severity=severity,
        links={name: address for name, address in links.items() if address},
    )


def release_key(release: str) -> str:
    """One trouble, whoever notices: the run that wanted it live, or a look at the service."""
    return f"release_refused:{release}"


def _short(reason: str) -> str:
    reason = reason.strip() or "no reason was given"
    if len(reason) <= _LONGEST_REASON:
        return reason
    # Between words, as half a secret is not known for one.
    return f"{reason[:_LONGEST_REASON].rsplit(maxsplit=1)[0]} …"


def _digest(reason: str) -> str:
    """The same for the same cause, whatever ids, times and counts it names."""
    return hashlib.sha256(_VARYING.sub("#", reason).encode()).hexdigest()[:12]
