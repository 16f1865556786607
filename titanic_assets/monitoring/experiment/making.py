"""An experiment report, from the collected events and the registry."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from titanic_assets.monitoring.answers import Period
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.monitoring.experiment.pairing import SideBySide
from titanic_assets.monitoring.experiment.report import Contestant, Experiment, ExperimentReport
from titanic_assets.monitoring.learnt import Learnt
from titanic_assets.tracking.registry import ForeignVersion, NoSuchVersion
from titanic_model.experiments import ExperimentPolicy, Recommendation, recommend

if TYPE_CHECKING:
    from titanic_assets.settings import Settings
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.tracking.versions import ModelVersion

_SILENT = Recommendation(
    "wait",
    "has answered nothing yet. Does the service run with CHALLENGER_MODE=shadow or split?",
)


def make_report(
    settings: Settings, registry: Registry, now: float | None = None
) -> ExperimentReport:
    """Compare the challenger with the champion, if there are both; without a page yet."""
    now = time.time() if now is None else now
    try:
        champion, challenger = registry.version_at("champion"), registry.version_at("challenger")
    except (ForeignVersion, NoSuchVersion) as error:
        return ExperimentReport(_id("none"), now, f"There is no experiment: {error}", None, None)
    if champion is None or challenger is None or champion.digest == challenger.digest:
        return ExperimentReport(_id("none"), now, "There is no challenger.", None, None)
    period = Period.of([champion, challenger], now)
    experiment = _experiment(EventStore.of(settings), champion, challenger, period, settings)
    outcomes = experiment.contest.outcomes if experiment.contest else 0
    return ExperimentReport(
        report_id=_id(champion.digest, challenger.digest, experiment.last, outcomes),
        made=now,
        why=f"Challenger {challenger.version} {experiment.recommendation.sentence}.",
        link=None,
        experiment=experiment,
    )


def policy_of(settings: Settings) -> ExperimentPolicy:
    """The bars that are set; the gain is that of the promotion rule."""
    return ExperimentPolicy(settings.performance_outcomes, settings.minimum_gain)


def _experiment(
    store: EventStore,
    champion: ModelVersion,
    challenger: ModelVersion,
    period: Period,
    settings: Settings,
) -> Experiment:
    spans = store.versions(period.since, period.until)
    one, other = (
        Contestant(each.version, each.digest, span.rows if span else 0)
        for each in (champion, challenger)
        for span in [spans.get(str(each.version))]
    )
    if not other.predictions:
        return Experiment(one, other, None, None, None, None, None, _SILENT)
    # The newer of the two may have learnt of all that was known by then.
    trained = max(champion.created.timestamp(), challenger.created.timestamp())
    learnt = Learnt.by(settings, store, trained)
    sides = SideBySide(store, str(champion.version), str(challenger.version), period, learnt)
    compared = sides.compare()
    contest = compared.contest if compared else None
    return Experiment(
        champion=one,
        challenger=other,
        design=sides.design,
        first=compared.first if compared else None,
        last=compared.last if compared else None,
        agreement=sides.agreement,
        contest=contest,
        recommendation=recommend(contest, policy_of(settings)),
        left_out=sides.left_out,
    )


def _id(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
