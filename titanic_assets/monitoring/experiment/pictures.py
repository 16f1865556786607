"""The picture of an experiment: how the gain came to be what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from titanic_assets.canvas import BLUE, INK, RED, SKY, panel, png_of

if TYPE_CHECKING:
    from titanic_assets.monitoring.experiment.report import Experiment

GAIN = "gain of the challenger"


def draw(experiment: Experiment | None, minimum_gain: float) -> dict[str, bytes]:
    """Every picture by its name; none before any outcome is known."""
    contest = experiment.contest if experiment else None
    if experiment is None or contest is None:
        return {}
    figure, axes = panel(height=3.4)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.axhline(
        minimum_gain, color=RED, linestyle=":", linewidth=1.2, label="what a promotion takes"
    )
    if len(contest.course) > 1:
        outcomes = [step.outcomes for step in contest.course]
        axes.fill_between(
            outcomes,
            [step.interval.low for step in contest.course],
            [step.interval.high for step in contest.course],
            color=SKY,
            alpha=0.35,
            linewidth=0,
            label="interval at all looks",
        )
        axes.plot(outcomes, [step.gain for step in contest.course], color=BLUE, label="gain")
        axes.set_xlim(outcomes[0], outcomes[-1])
    else:
        within = contest.gain_interval
        axes.errorbar(
            [contest.outcomes],
            [contest.gain],
            yerr=[[contest.gain - within.low], [within.high - contest.gain]],
            color=BLUE,
            fmt="o",
            capsize=4,
            label="gain, and its interval at all looks",
        )
    axes.set(xlabel="outcomes", ylabel="log loss gained per passenger")
    axes.set_title(
        f"Challenger {experiment.challenger.version} against champion "
        f"{experiment.champion.version} (higher is better)"
    )
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    return {GAIN: png_of(figure)}
