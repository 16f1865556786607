"""When a report has a model trained: pure decisions, for the sensors that act on them.

Whether to train is the report's to say; here it is decided when, from the runs there were.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self

from titanic_assets.monitoring.verdicts import ReportVerdict

HOUR = 3600.0

# Where both reports ask, the drift report's sensor starts the run. If it does not for so long, as
# when somebody has switched it off, the other does.
_DRIFT_FIRST_SECONDS = 600.0


@dataclass(frozen=True)
class Training:
    """A training run, as far as it matters here; without a sensor, no report has asked for it."""

    run_id: str
    created: float
    failed: bool = False
    asked_by: str = ""
    report_id: str = ""


@dataclass(frozen=True)
class RetrainingDecision:
    """Whether to start a run, and why or why not."""

    start: bool
    reason: str


def decide_retraining(
    verdict: ReportVerdict | None,
    trainings: Sequence[Training],
    *,
    now: float,
    cooldown_hours: float,
) -> RetrainingDecision:
    """Decide on the newest report: one run for it, unless it was trained since or just before.

    A report within the cool-down is not lost: as long as it is the newest, it has its run after.
    """
    if verdict is None:
        return RetrainingDecision(False, "there is no report yet")
    if not verdict.asks_for_training:
        return RetrainingDecision(False, f"the newest report asks for no training: {verdict.why}")
    if answer := _answer(verdict, trainings):
        return RetrainingDecision(False, answer)
    asked = max((each for each in trainings if each.asked_by), key=_created, default=None)
    over = asked.created + cooldown_hours * HOUR if asked else now
    if asked and over > now:
        return RetrainingDecision(
            False,
            f"{asked.asked_by} started run {asked.run_id} less than {cooldown_hours:g} hours ago; "
            f"the newest report is looked at again at {_moment(over)}",
        )
    return RetrainingDecision(True, verdict.why)


def _answer(verdict: ReportVerdict, trainings: Sequence[Training]) -> str:
    """How a report has been answered already; nothing as long as it has not."""
    for training in trainings:
        if training.report_id == verdict.report_id:
            return f"run {training.run_id} was started for this report"
    for training in trainings:
        # Whatever the report knew was there to be trained on, whoever started it.
        if training.created >= verdict.made and not training.failed:
            return f"run {training.run_id} was started since this report was made"
    return ""


@dataclass(frozen=True)
class GivesWay:
    """What the performance sensor remembers: to which drift report it gives way, since when.

    Both look at the same moment, and neither sees the run that the other is about to ask for.
    """

    report_id: str = ""
    since: float = 0.0

    @classmethod
    def from_text(cls, text: str | None, report_id: str, now: float) -> Self:
        """Read a cursor back. One of another report, or wiped, begins now."""
        try:
            kept = cls(**json.loads(text or "{}"))
            return kept if kept.report_id == report_id else cls(report_id, now)
        except (ValueError, TypeError):
            return cls(report_id, now)

    def goes_on(self, now: float) -> bool:
        """Whether the drift sensor may still be about to start the run."""
        return now - self.since < _DRIFT_FIRST_SECONDS

    def to_text(self) -> str:
        """The cursor as Dagster stores it."""
        return json.dumps(asdict(self))


def _created(training: Training) -> float:
    return training.created


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
