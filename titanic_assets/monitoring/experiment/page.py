"""The experiment report as a page, and as the UI shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.metadata import as_table
from titanic_assets.monitoring.page import render
from titanic_model.sequential import about, outcomes_to_tell

if TYPE_CHECKING:
    from titanic_assets.monitoring.experiment.report import Experiment, ExperimentReport
    from titanic_model.experiments import Contest, ExperimentPolicy

_TONES = {"promote": "good", "keep": "bad", "wait": "warn"}
_WORDS = {
    "promote": "✓ Promote the challenger",
    "keep": "✗ Keep the champion",
    "wait": "… Wait",
}
# Differences in log loss for which it is said how many outcomes they take.
_GAINS = (0.005, 0.01, 0.02, 0.05)
# How far two models that were trained alike differ on a passenger, before it is known of these.
_USUAL_SPREAD = 0.2


def render_page(
    report: ExperimentReport, policy: ExperimentPolicy, pictures: Mapping[str, bytes]
) -> bytes:
    """One HTML page that carries its picture along."""
    contest = report.experiment.contest if report.experiment else None
    return render(
        "experiment/report.html.jinja",
        pictures,
        report=report,
        policy=policy,
        tones=_TONES,
        words=_WORDS,
        power=power(contest),
        spread_is_known=contest is not None,
    )


def power(contest: Contest | None) -> list[tuple[float, str]]:
    """How many outcomes it takes to tell such differences, by the spread that was seen."""
    spread = contest.spread if contest else _USUAL_SPREAD
    return [(gain, about(outcomes_to_tell(gain, spread))) for gain in _GAINS]


def describe(report: ExperimentReport) -> dict[str, dg.MetadataValue | str | int]:
    """Recommendation and figures, as metadata."""
    experiment = report.experiment
    if experiment is None:
        return {"recommendation": report.why}
    contest, agreement = experiment.contest, experiment.agreement
    told: dict[str, dg.MetadataValue | str | int] = {
        "recommendation": experiment.recommendation.verdict,
        "why": report.why,
        "outcomes": contest.outcomes if contest else 0,
        "left out, as trained on": experiment.left_out,
        "design": experiment.design or "the challenger has answered nothing yet",
    }
    if agreement:
        told["agreement"] = (
            f"the same answer for {agreement.same_answer:.1%} of {agreement.passengers:,} "
            f"passengers, chances {agreement.mean_difference:.3f} apart on average"
        )
    if contest:
        told["figures"] = dg.MetadataValue.md(_figures(experiment, contest))
    told["outcomes that it takes"] = dg.MetadataValue.md(
        as_table(["difference in log loss", "outcomes"], power(contest))
    )
    return told


def _figures(experiment: Experiment, contest: Contest) -> str:
    gain, right = contest.gain_interval, contest.accuracy_interval
    more_right = f"{contest.accuracy_difference * 100:+.1f} points"
    between = f"({right.low * 100:+.1f} to {right.high * 100:+.1f})"
    rows = [
        ["right", f"{contest.champion_accuracy:.1%}", f"{contest.challenger_accuracy:.1%}",
         f"{more_right} {between}"],
        ["log loss", f"{contest.champion_log_loss:.4f}", f"{contest.challenger_log_loss:.4f}",
         f"gains {contest.gain:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"],
    ]  # fmt: skip
    if contest.p_value is not None:
        rows.append(["right alone", f"{contest.only_champion_right:,}",
                     f"{contest.only_challenger_right:,}",
                     f"p = {contest.p_value:.3f} (McNemar, this look)"])  # fmt: skip
    if contest.callers:
        rows.append(["callers", *(f"{many:,}" for many in contest.callers), "-"])
    header = ["", f"champion {experiment.champion.version}",
              f"challenger {experiment.challenger.version}", "difference"]  # fmt: skip
    return as_table(header, rows)
