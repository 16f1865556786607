"""One version's answers judged: the newest of them, and day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from titanic_assets.monitoring.performance.report import Day, Role, VersionPerformance
from titanic_model.metrics import THRESHOLD
from titanic_model.outcomes import Promise, PromisePolicy, figures_of, judge_promise, share_interval

if TYPE_CHECKING:
    from titanic_assets.monitoring.answers import Answers
    from titanic_assets.settings import Settings
    from titanic_assets.tracking.versions import ModelVersion

# As many as the service's gauges are made of.
ROLLING = 500
_DAY_SECONDS = 86_400


def policy_of(settings: Settings) -> PromisePolicy:
    """The bars that are set."""
    return PromisePolicy(settings.performance_outcomes, settings.performance_drop)


def judge_version(
    version: ModelVersion,
    role: Role,
    predictions: int,
    answers: Answers,
    promise: Promise | None,
    policy: PromisePolicy,
) -> VersionPerformance:
    """Judge a version by its newest answers about others than it learnt from, each once."""
    fair = answers.not_learnt
    learnt = len(answers) - len(fair)
    judged = fair.of_different_passengers.newest(max(ROLLING, policy.outcomes))
    figures = figures_of(judged.survived, judged.probability) if len(judged) else None
    kept = judge_promise(figures, promise, policy)
    if learnt and kept.state == "too_few":
        said = f"{learnt:,} about passengers that it may have been trained on do not count"
        kept = replace(kept, sentence=f"{kept.sentence}; {said}")
    return VersionPerformance(
        version=version.version,
        digest=version.digest,
        role=role,
        predictions=predictions,
        known=answers.known,
        learnt=learnt,
        promise=promise,
        first=float(judged.time[0]) if len(judged) else None,
        last=float(judged.time[-1]) if len(judged) else None,
        figures=figures,
        kept=kept,
        days=tuple(days_of(fair)),
    )


def days_of(answers: Answers) -> Iterator[Day]:
    """Day by day, the oldest first; each passenger once a day."""
    number = (answers.time // _DAY_SECONDS).astype(np.int64)
    for day in np.unique(number).tolist():
        of_day = answers.at(number == day).of_different_passengers
        off = of_day.probability - of_day.survived
        right = (of_day.probability >= THRESHOLD) == of_day.survived
        yield Day(
            day=f"{datetime.fromtimestamp(day * _DAY_SECONDS, UTC):%Y-%m-%d}",
            outcomes=len(of_day),
            accuracy=float(right.mean()),
            accuracy_interval=share_interval(int(right.sum()), len(of_day)),
            brier=float((off**2).mean()),
            gap=float(off.mean()),
        )
