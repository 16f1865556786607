"""How good a model is on passengers it has never seen, looked at from every side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.features import derive_columns
from titanic_model.inputs import OFTEN_UNKNOWN, SPOKEN, known_of, without
from titanic_model.metrics import (
    METRIC_NAMES,
    CalibrationBin,
    Floats,
    Metrics,
    calibration,
    calibration_error,
    measure,
    says_survived,
)
from titanic_model.resampling import Interval, intervals
from titanic_model.scorer import Scorer
from titanic_model.training_data import TrainingData

WEAK_BELOW = 0.70
_FEW = 10  # a cell of fewer passengers says nothing about accuracy
_SHUFFLES = 20


@dataclass(frozen=True)
class Confusion:
    """What was said against what happened."""

    survived_said_survived: int
    survived_said_died: int
    died_said_survived: int
    died_said_died: int


@dataclass(frozen=True)
class RocPoint:
    """One threshold: the share of survivors found and of victims taken for survivors."""

    false_positive_rate: float
    true_positive_rate: float


@dataclass(frozen=True)
class Cell:
    """The quality for one group of passengers. Where it is `weak`, do not trust the model."""

    name: str
    passengers: int
    survived: float
    said_survived: float
    accuracy: float
    log_loss: float
    survivors_found: float | None
    weak: bool


@dataclass(frozen=True)
class Importance:
    """What is lost when one input is shuffled among the passengers."""

    name: str
    log_loss: float
    accuracy: float
    deviation: float


@dataclass(frozen=True)
class Evaluation:
    """One model on one set of passengers."""

    passengers: int
    metrics: Metrics
    intervals: Mapping[str, Interval]
    calibration_error: float
    calibration: tuple[CalibrationBin, ...]
    confusion: Confusion
    roc: tuple[RocPoint, ...]
    cells: tuple[Cell, ...]
    importance: tuple[Importance, ...]
    without_name_and_cabin: Metrics

    @property
    def weak_cells(self) -> tuple[Cell, ...]:
        """The groups in which the model is often wrong."""
        return tuple(cell for cell in self.cells if cell.weak)


def evaluate(scorer: Scorer, data: TrainingData, seed: int = 0) -> Evaluation:
    """Judge a model by these passengers, who must not be among those it was trained on."""
    probability = scorer.score(data.matrix)
    truth = data.survived

    def figures(rows: NDArray[np.intp]) -> list[float]:
        return list(astuple(measure(truth[rows], probability[rows])))

    between = intervals(figures, data.tickets_as_numbers, seed)
    bins = calibration(truth, probability)
    return Evaluation(
        passengers=len(data),
        metrics=measure(truth, probability),
        intervals=dict(zip(METRIC_NAMES, between, strict=True)),
        calibration_error=calibration_error(bins),
        calibration=bins,
        confusion=_confusion(truth, probability),
        roc=roc_points(truth, probability),
        cells=tuple(_cells(data, probability)),
        importance=_importance(scorer, data, seed),
        without_name_and_cabin=measure(
            truth, scorer.score(without(known_of(data.matrix), OFTEN_UNKNOWN))
        ),
    )


def _confusion(truth: NDArray[Any], probability: Floats) -> Confusion:
    said, survived = says_survived(probability), truth == 1
    return Confusion(
        survived_said_survived=int((survived & said).sum()),
        survived_said_died=int((survived & ~said).sum()),
        died_said_survived=int((~survived & said).sum()),
        died_said_died=int((~survived & ~said).sum()),
    )


def roc_points(truth: NDArray[Any], probability: Floats) -> tuple[RocPoint, ...]:
    """The curve from "nobody survives" to "everybody does", one point per distinct probability."""
    order = np.argsort(-probability, kind="stable")
    survived = truth[order] == 1
    last_of_equals = np.append(np.diff(probability[order]) != 0, True)
    found = np.cumsum(survived)[last_of_equals] / max(1, survived.sum())
    mistaken = np.cumsum(~survived)[last_of_equals] / max(1, (~survived).sum())
    return (
        RocPoint(0.0, 0.0),
        *(RocPoint(float(x), float(y)) for x, y in zip(mistaken, found, strict=True)),
    )


def _cells(data: TrainingData, probability: Floats) -> Iterator[Cell]:
    sex, ticket_class = np.char.partition(data.cells, ", ")[:, [0, 2]].T
    for groups in (sex, ticket_class, data.cells):
        for name in sorted(set(groups.tolist())):
            inside = groups == name
            truth, chance = data.survived[inside], probability[inside]
            metrics = measure(truth, chance)
            survivors = truth == 1
            yield Cell(
                name=name,
                passengers=int(inside.sum()),
                survived=float(truth.mean()),
                said_survived=float(says_survived(chance).mean()),
                accuracy=metrics.accuracy,
                log_loss=metrics.log_loss,
                survivors_found=float(says_survived(chance[survivors]).mean())
                if survivors.any()
                else None,
                weak=len(truth) >= _FEW and metrics.accuracy < WEAK_BELOW,
            )


def _importance(scorer: Scorer, data: TrainingData, seed: int) -> tuple[Importance, ...]:
    """Shuffle what is known of a passenger input by input, most important first.

    Inputs are shuffled, not features: many features hang on one input, and each alone would look
    dispensable.
    """
    chance = np.random.default_rng(seed)
    known = known_of(data.matrix)
    whole = measure(data.survived, scorer.score(data.matrix))
    found = []
    for name, values in known.items():
        shuffled = [
            measure(
                data.survived,
                scorer.score(derive_columns({**known, name: chance.permutation(values)})),
            )
            for _ in range(_SHUFFLES)
        ]
        losses = [metrics.log_loss - whole.log_loss for metrics in shuffled]
        found.append(
            Importance(
                name=SPOKEN.get(name, name),
                log_loss=float(np.mean(losses)),
                accuracy=float(
                    np.mean([whole.accuracy - metrics.accuracy for metrics in shuffled])
                ),
                deviation=float(np.std(losses)),
            )
        )
    return tuple(sorted(found, key=lambda importance: -importance.log_loss))
