"""Whether a challenger takes the champion's place: its time in shadow, and the experiment.

The time in shadow shows that it can do the work, the experiment that it does it better, or worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from titanic_assets.releasing.shadow import Trial

if TYPE_CHECKING:
    from titanic_assets.monitoring.experiment.report import Experiment


def decide_flip(
    trial: Trial, experiment: Experiment | None, *, on_trial: bool, experiment_promotes: bool
) -> Trial:
    """Decide by what it showed in shadow and by the newest experiment of these two, if any.

    One that is not on trial is promoted by the experiment alone, where that is allowed to.
    """
    if trial.state == "unfit":
        return trial
    recommended = experiment.recommendation if experiment else None
    if recommended and recommended.verdict == "keep":
        return Trial(
            "unfit", f"is not promoted: the experiment finds that it {recommended.sentence}"
        )
    if experiment_promotes and recommended and recommended.verdict == "promote":
        return Trial("passed", recommended.sentence, by_experiment=True)
    if on_trial:
        return trial
    said = f"it {recommended.sentence}" if recommended else "there is none of these two yet"
    return Trial("waiting", f"waits for the experiment: {said}")
