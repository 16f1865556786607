"""What two versions said on the same traffic, side by side.

In shadow both score each passenger under one key. In a split each has callers of its own, and no
passenger is scored by both, those aside that were asked of all models.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from titanic_assets.monitoring.answers import Answers, Period, known_answers
from titanic_assets.monitoring.experiment.report import Agreement, Design
from titanic_model.experiments import Arm, Contest, compare_arms, compare_pairs
from titanic_model.metrics import says_survived

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from titanic_assets.monitoring.events.store import EventStore
    from titanic_assets.monitoring.learnt import Learnt

# Whether the two agree, and who scores whom, shows in the newest predictions.
_LOOKED_AT = 20_000
_MOST_OUTCOMES = 100_000


@dataclass(frozen=True)
class Compared:
    """What outcomes say, and the times of the first and the last prediction behind it."""

    contest: Contest
    first: float
    last: float


@dataclass(frozen=True)
class SideBySide:
    """Champion and challenger, by their numbers, while both were there to score."""

    store: EventStore
    champion: str
    challenger: str
    period: Period
    learnt: Learnt

    @cached_property
    def design(self) -> Design:
        """Shadow, if most of what the challenger scored lately was scored by the champion, too."""
        both, of_challenger = len(self._latest[0]), self._latest[2]
        return "shadow" if 2 * both >= of_challenger else "split"

    @cached_property
    def agreement(self) -> Agreement | None:
        """How alike they answer, of the newest that both scored."""
        champion, challenger, _ = self._latest
        if not len(champion):
            return None
        same = says_survived(champion) == says_survived(challenger)
        return Agreement(
            passengers=len(champion),
            same_answer=float(same.mean()),
            mean_difference=float(np.abs(champion - challenger).mean()),
        )

    @cached_property
    def left_out(self) -> int:
        """The challenger's answers about passengers whom one of the two may have learnt from."""
        return int(self._known[1].learnt.sum())

    def compare(self) -> Compared | None:
        """Compare them by outcomes, each passenger once; None where there are none.

        One who was in the training of either would be remembered there, and is left out.
        """
        champion, challenger = (answers.not_learnt for answers in self._known)
        if self.design == "split":
            return _arms(champion.of_different_passengers, challenger.of_different_passengers)
        return _pairs(champion, challenger)

    @cached_property
    def _known(self) -> tuple[Answers, Answers]:
        champion, challenger = (
            known_answers(self.store, version, self.period, self.learnt, _MOST_OUTCOMES)
            for version in (self.champion, self.challenger)
        )
        return champion, challenger

    @cached_property
    def _latest(self) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
        """The newest chances said by both of the same, and how many the challenger said at all."""
        champion, challenger = (
            self.store.newest(
                _LOOKED_AT,
                ["key", "probability"],
                since=self.period.since,
                until=self.period.until,
                version=version,
            )
            for version in (self.champion, self.challenger)
        )
        _, ours, theirs = np.intersect1d(
            champion["key"].to_numpy(), challenger["key"].to_numpy(), return_indices=True
        )
        return (
            champion["probability"].to_numpy()[ours],
            challenger["probability"].to_numpy()[theirs],
            len(challenger),
        )


def _pairs(champion: Answers, challenger: Answers) -> Compared | None:
    """Only what both scored."""
    _, ours, theirs = np.intersect1d(champion.key, challenger.key, return_indices=True)
    order = np.argsort(champion.time[ours], kind="stable")
    champion, challenger = champion.at(ours[order]), challenger.at(theirs[order])
    once = champion.places_of_different_passengers
    if not len(once):
        return None
    champion, challenger = champion.at(once), challenger.at(once)
    contest = compare_pairs(champion.survived, champion.probability, challenger.probability)
    return Compared(contest, float(champion.time[0]), float(champion.time[-1]))


def _arms(champion: Answers, challenger: Answers) -> Compared | None:
    """Callers of the one beside those of the other, while both answered."""
    if not len(champion) or not len(challenger):
        return None
    first = max(champion.time[0], challenger.time[0])
    last = min(champion.time[-1], challenger.time[-1])
    arms = [each.at((each.time >= first) & (each.time <= last)) for each in (champion, challenger)]
    if not all(map(len, arms)):
        return None
    contest = compare_arms(*(Arm(each.survived, each.probability, each.caller) for each in arms))
    return Compared(contest, float(first), float(last))
