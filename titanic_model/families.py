"""The model families that the search tries: how each is built and what may be varied in it.

To add one: write a function from parameters, imbalance handling and seed to a classifier and give
it an entry in `FAMILIES`, with the values that its parameters may take. Everything else follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as ResamplingPipeline
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

Imbalance = Literal["none", "class_weight", "smote"]
IMBALANCE: tuple[Imbalance, ...] = ("none", "class_weight", "smote")

Value = int | float | str
Parameters = Mapping[str, Value]
Classifier = Any  # scikit-learn has no types to offer

# Not searched: more trees are never worse, only slower, and what a vote gains from them beyond 50
# is below the noise.
TREES = 50


@dataclass(frozen=True)
class Family:
    """One kind of model: how to build it, and how to draw parameters for it at random."""

    build: Callable[[Parameters, Imbalance, int], Classifier]
    draw: Callable[[np.random.Generator], Parameters]


@dataclass(frozen=True)
class Candidate:
    """One point of the search: a family, its parameters, and what is done about imbalance."""

    family: str
    parameters: Parameters
    imbalance: Imbalance = "none"

    def build(self, seed: int) -> Classifier:
        """A fresh classifier, not fitted yet."""
        return FAMILIES[self.family].build(self.parameters, self.imbalance, seed)


def _chain(steps: list[Classifier], imbalance: Imbalance, seed: int) -> Classifier:
    """Preparation and model in one, so that all that is fitted is fitted inside the fold."""
    if imbalance == "smote":
        steps = [*steps[:-1], SMOTE(random_state=seed), steps[-1]]
        return ResamplingPipeline([(type(step).__name__, step) for step in steps])
    return Pipeline([(type(step).__name__, step) for step in steps])


def _weights(imbalance: Imbalance) -> str | None:
    return "balanced" if imbalance == "class_weight" else None


def _logistic(parameters: Parameters, imbalance: Imbalance, seed: int) -> Classifier:
    model = LogisticRegression(**parameters, max_iter=2000, class_weight=_weights(imbalance))
    return _chain([SimpleImputer(strategy="median"), StandardScaler(), model], imbalance, seed)


def _random_forest(parameters: Parameters, imbalance: Imbalance, seed: int) -> Classifier:
    model = RandomForestClassifier(
        **parameters, n_estimators=TREES, class_weight=_weights(imbalance), random_state=seed
    )
    return _chain([SimpleImputer(strategy="median"), model], imbalance, seed)


def _gradient_boosting(parameters: Parameters, imbalance: Imbalance, seed: int) -> Classifier:
    model = HistGradientBoostingClassifier(
        **parameters, class_weight=_weights(imbalance), early_stopping=False, random_state=seed
    )
    # Boosting deals with what is missing by itself; SMOTE cannot.
    filling = [SimpleImputer(strategy="median")] if imbalance == "smote" else []
    return _chain([*filling, model], imbalance, seed)


def _soft_vote(parameters: Parameters, imbalance: Imbalance, seed: int) -> Classifier:
    members = str(parameters["members"]).split("+")

    def own(member: str) -> Parameters:
        prefix = f"{member}__"
        return {
            name.removeprefix(prefix): value
            for name, value in parameters.items()
            if name.startswith(prefix)
        }

    return VotingClassifier(
        [(member, FAMILIES[member].build(own(member), imbalance, seed)) for member in members],
        voting="soft",
        flatten_transform=False,
    )


def _one_of(**space: tuple[Value, ...]) -> Callable[[np.random.Generator], Parameters]:
    """Draw each parameter from its list, all values being equally likely."""
    return lambda chance: {
        name: values[chance.integers(len(values))] for name, values in space.items()
    }


def _draw_vote(chance: np.random.Generator) -> Parameters:
    """Draw who votes, and then the parameters of each voter."""
    members = _VOTERS[chance.integers(len(_VOTERS))]
    return _vote_of({member: FAMILIES[member].draw(chance) for member in members})


def _vote_of(members: Mapping[str, Parameters]) -> Parameters:
    """The parameters of a vote between members with these parameters."""
    return {
        "members": "+".join(members),
        **{
            f"{member}__{name}": value
            for member, parameters in members.items()
            for name, value in parameters.items()
        },
    }


_VOTERS = (
    ("logistic", "gradient_boosting"),
    ("logistic", "random_forest"),
    ("logistic", "gradient_boosting", "random_forest"),
)

FAMILIES: dict[str, Family] = {
    "logistic": Family(_logistic, _one_of(C=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0))),
    "random_forest": Family(
        _random_forest,
        _one_of(min_samples_leaf=(2, 3, 4, 6, 10), max_features=("sqrt", 0.3, 0.5)),
    ),
    "gradient_boosting": Family(
        _gradient_boosting,
        _one_of(
            learning_rate=(0.03, 0.05, 0.1),
            max_iter=(40, 60, 100, 150),
            max_leaf_nodes=(4, 6, 8, 12),
            min_samples_leaf=(10, 15, 30),
            l2_regularization=(1.0, 2.0, 5.0, 10.0),
            max_features=(0.3, 0.5, 1.0),
        ),
    ),
    "soft_vote": Family(_soft_vote, _draw_vote),
}

_GOOD: dict[str, Parameters] = {
    "logistic": {"C": 0.1},
    "gradient_boosting": {
        "learning_rate": 0.1,
        "max_iter": 60,
        "max_leaf_nodes": 6,
        "min_samples_leaf": 15,
        "l2_regularization": 5.0,
        "max_features": 0.3,
    },
    "random_forest": {"min_samples_leaf": 3, "max_features": "sqrt"},
}

# Known to be good on this kind of list and tried first, so that a small budget ends well too.
STARTERS: tuple[Candidate, ...] = (
    Candidate("soft_vote", _vote_of({name: _GOOD[name] for name in _VOTERS[0]})),
    *(Candidate(name, parameters) for name, parameters in _GOOD.items()),
    Candidate("soft_vote", _vote_of(_GOOD)),
)


def without_sampler(fitted: Classifier) -> Classifier:
    """A fitted classifier without what only mattered while fitting, so that it can be exported."""
    if isinstance(fitted, VotingClassifier):
        fitted.estimators_ = [without_sampler(member) for member in fitted.estimators_]
        return fitted
    return Pipeline([step for step in fitted.steps if not isinstance(step[1], SMOTE)])
