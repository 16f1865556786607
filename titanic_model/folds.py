"""Cross-validation: what a model is worth on passengers it was not fitted to.

Folds are always shuffled, because passenger lists come sorted by class, and everything fitted
(imputer, scaler, resampling) is fitted inside the fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from titanic_model.families import Classifier
from titanic_model.features import FEATURES
from titanic_model.metrics import METRIC_NAMES, Metrics, measure
from titanic_model.training_data import TrainingData

FOLDS = 5

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def stratified(data: TrainingData, repeats: int, seed: int) -> Iterator[Split]:
    """Shuffled folds, each with the same share of survivors."""
    for repeat in range(repeats):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        yield from folds.split(data.matrix, data.survived)


def by_ticket(data: TrainingData, repeats: int, seed: int) -> Iterator[Split]:
    """Shuffled folds that never part a family: who shares a ticket shares a fold."""
    for repeat in range(repeats):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        yield from folds.split(data.matrix, data.survived, data.tickets_as_numbers)


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Metrics fold by fold, and every probability given to a passenger who was left out.

    `rows` says to whom each probability in `left_out` was given, and `otherwise` what would have
    been said of the same passengers with other features, in each way that was asked for.
    """

    folds: tuple[Metrics, ...]
    left_out: NDArray[np.float64]
    rows: NDArray[np.intp]
    otherwise: tuple[NDArray[np.float64], ...] = ()

    @property
    def first_of_each(self) -> NDArray[np.intp]:
        """Where in `left_out` each passenger comes first, in the order of the data."""
        _, first = np.unique(self.rows, return_index=True)
        return first

    @property
    def mean(self) -> Metrics:
        """Each metric's mean over the folds."""
        return Metrics(*np.mean(self._table, axis=0).tolist())

    @property
    def deviation(self) -> Metrics:
        """Each metric's standard deviation from fold to fold."""
        return Metrics(*np.std(self._table, axis=0).tolist())

    @property
    def _table(self) -> NDArray[np.float64]:
        return np.array([[getattr(fold, name) for name in METRIC_NAMES] for fold in self.folds])


def cross_validate(
    build: Callable[[], Classifier],
    data: TrainingData,
    splits: Iterator[Split],
    otherwise: Sequence[NDArray[np.float32]] = (),
) -> CrossValidation:
    """Fit a fresh model on each fold's training rows and measure it on the rows left out.

    Each of `otherwise` has the same passengers with other features, whom each model is asked about,
    too.
    """
    folds: list[Metrics] = []
    left_out: list[NDArray[np.float64]] = []
    also: list[list[NDArray[np.float64]]] = [[] for _ in otherwise]
    rows: list[NDArray[np.intp]] = []
    with one_thread():
        for train, test in splits:
            model = build().fit(data.matrix[train], data.survived[train])
            probability = model.predict_proba(data.matrix[test])[:, 1]
            folds.append(measure(data.survived[test], probability))
            left_out.append(probability)
            rows.append(test)
            for asked, matrix in zip(also, otherwise, strict=True):
                asked.append(model.predict_proba(matrix[test])[:, 1])
    return CrossValidation(
        tuple(folds),
        np.concatenate(left_out),
        np.concatenate(rows),
        tuple(np.concatenate(asked) for asked in also),
    )


def one_thread() -> threadpool_limits:
    """Arithmetic on one thread: at this size more threads cost time, and sums depend on them."""
    return threadpool_limits(limits=1)


class SexAlone:
    """The baseline that any model must beat: the survival rate of one's sex, nothing else."""

    def fit(self, matrix: NDArray[Any], survived: NDArray[Any]) -> SexAlone:
        """Remember both rates."""
        female = matrix[:, FEATURES.index("female")] == 1
        self._rates = survived[~female].mean(), survived[female].mean()
        return self

    def predict_proba(self, matrix: NDArray[Any]) -> NDArray[np.float64]:
        """The rate of each passenger's sex, in scikit-learn's two columns."""
        male_rate, female_rate = self._rates
        rate = np.where(matrix[:, FEATURES.index("female")] == 1, female_rate, male_rate)
        return np.stack([1 - rate, rate], axis=1)
