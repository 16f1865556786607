"""The search for a good model: candidates tried one after another by cross-validated log loss."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from titanic_model.families import FAMILIES, IMBALANCE, STARTERS, Candidate
from titanic_model.folds import CrossValidation, cross_validate, stratified
from titanic_model.training_data import TrainingData

REPEATS = 2


@dataclass(frozen=True)
class Budget:
    """How long to search. 12 trials give a good model; 60 are a thorough search."""

    trials: int = 12
    seed: int = 7


@dataclass(frozen=True)
class Trial:
    """One candidate and what it was worth. Numbers start at 1."""

    number: int
    candidate: Candidate
    validation: CrossValidation
    seconds: float


def propose(budget: Budget) -> list[Candidate]:
    """The candidates of a search: the known good ones first, then random ones, none twice."""
    chance = np.random.default_rng(budget.seed)
    names = list(FAMILIES)
    chosen = list(STARTERS)
    while len(chosen) < budget.trials:
        name = names[chance.integers(len(names))]
        candidate = Candidate(
            name, FAMILIES[name].draw(chance), IMBALANCE[chance.integers(len(IMBALANCE))]
        )
        if candidate not in chosen:
            chosen.append(candidate)
    return chosen[: budget.trials]


def search(data: TrainingData, budget: Budget) -> Iterator[Trial]:
    """Try the candidates, all on the same folds of the training part, and hand out each result."""
    training = data.training_part
    for number, candidate in enumerate(propose(budget), start=1):
        start = time.perf_counter()
        validation = cross_validate(
            partial(candidate.build, budget.seed),
            training,
            stratified(training, REPEATS, budget.seed),
        )
        yield Trial(number, candidate, validation, time.perf_counter() - start)


def best(trials: Iterable[Trial]) -> Trial:
    """The trial with the lowest log loss; of equals the first."""
    return min(trials, key=lambda trial: (trial.validation.mean.log_loss, trial.number))
