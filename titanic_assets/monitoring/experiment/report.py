"""What an experiment report says, as it lies on disk: who was compared, what is recommended, why.

Read by whoever shows it or acts on it; light, as sensors and the monitor's server do so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from titanic_assets.monitoring.verdicts import read_value
from titanic_model.experiments import Contest, Recommendation

if TYPE_CHECKING:
    from titanic_assets.settings import Settings

EXPERIMENT_REPORT = "experiment_report"

# In shadow both scored each passenger; in a split, each scored the passengers of its callers.
Design = Literal["shadow", "split"]


@dataclass(frozen=True)
class Contestant:
    """One of the two, by its number and by the digest of its model."""

    version: int
    digest: str
    predictions: int


@dataclass(frozen=True)
class Agreement:
    """How alike the two answer, which takes no outcome: of passengers that both scored."""

    passengers: int
    same_answer: float
    mean_difference: float


@dataclass(frozen=True)
class Experiment:
    """Champion and challenger beside each other."""

    champion: Contestant
    challenger: Contestant
    # None while the challenger has answered nothing.
    design: Design | None
    # Of what was compared, the first and the last prediction (seconds since 1970, UTC).
    first: float | None
    last: float | None
    agreement: Agreement | None
    contest: Contest | None
    recommendation: Recommendation
    # Answers that are left out, as one of the two may have learnt from those passengers.
    left_out: int = 0


@dataclass(frozen=True)
class ExperimentReport:
    """The whole report; without a challenger there is no experiment."""

    # The same for a report of the same newest outcomes of the same two.
    report_id: str
    made: float
    why: str
    link: str | None
    experiment: Experiment | None

    def of(self, champion: str, challenger: str) -> Experiment | None:
        """The experiment, if it is one of just these two models, by their digests."""
        ours = self.experiment
        if ours and (ours.champion.digest, ours.challenger.digest) == (champion, challenger):
            return ours
        return None


def read_experiment_report(settings: Settings) -> ExperimentReport | None:
    """The newest report; None before there is one."""
    return read_value(settings, EXPERIMENT_REPORT, ExperimentReport)
