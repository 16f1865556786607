"""Measures the figures of docs/figures.md on the features that `make run` has made.

`.venv/bin/python docs/figures.py` prints them as Markdown, in a minute or two; it writes nothing.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from titanic_assets.settings import load_settings
from titanic_assets.tables import Table
from titanic_model.families import STARTERS, Candidate
from titanic_model.folds import (
    FOLDS,
    CrossValidation,
    SexAlone,
    by_ticket,
    cross_validate,
    stratified,
)
from titanic_model.metrics import measure
from titanic_model.schemas import PACKAGED_LIST
from titanic_model.training_data import TrainingData

REPEATS, SEED = 6, 1
LOGISTIC, BOOSTING, FOREST = STARTERS[1:4]


def main() -> None:
    """Print the honest figures and the traps."""
    path = load_settings().places.tables / "passenger_features.parquet"
    if not path.exists():
        sys.exit(f"{path} is not there: let `make run` train once first")
    data = TrainingData.from_table(Table(path).to_pandas())
    print(f"{len(data):,} passengers, {FOLDS} folds x {REPEATS}\n")
    print("| model | accuracy | ± | log loss | Brier | ROC AUC | families together |")
    print("|---|---|---|---|---|---|---|")
    for name, build in models():
        found = cross_validate(build, data, stratified(data, REPEATS, SEED))
        apart = cross_validate(build, data, by_ticket(data, REPEATS, SEED)).mean
        print(row(name, found, f"{apart.accuracy:.3f} / {apart.log_loss:.3f}"))
    print("\n| trap | accuracy | instead of |\n|---|---|---|")
    for name, wrong, right in traps(data):
        print(f"| {name} | {wrong} | {right:.3f} |")


def models() -> Iterator[tuple[str, partial[object] | type[SexAlone]]]:
    """The baseline and the candidates that every search begins with."""
    yield "sex alone", SexAlone
    for candidate in STARTERS:
        members = str(candidate.parameters.get("members", "")).replace("+", " + ")
        name = f"{candidate.family} {members}".strip().replace("_", " ")
        yield name, partial(candidate.build, SEED)


def row(name: str, found: CrossValidation, apart: str) -> str:
    """A line of the first table."""
    mean, spread = found.mean, found.deviation
    return (
        f"| {name} | {mean.accuracy:.3f} | {spread.accuracy:.3f} | {mean.log_loss:.3f} "
        f"| {mean.brier:.3f} | {mean.roc_auc:.3f} | {apart} |"
    )


def traps(data: TrainingData) -> Iterator[tuple[str, str, float]]:
    """What one would measure by mistake, and what is true."""

    def honest(candidate: Candidate) -> float:
        build = partial(candidate.build, SEED)
        return cross_validate(build, data, stratified(data, REPEATS, SEED)).mean.accuracy

    boats = boats_of(data)
    leaking = replace(data, matrix=np.hstack([data.matrix, boats]))
    with_boat = cross_validate(
        partial(LOGISTIC.build, SEED), leaking, stratified(leaking, REPEATS, SEED)
    )
    yield "the lifeboat as a feature", f"{with_boat.mean.accuracy:.3f}", honest(LOGISTIC)
    resampled = resampled_before_splitting(data)
    smote = honest(replace(FOREST, imbalance="smote"))
    yield "SMOTE before splitting into folds", f"{resampled:.3f}", smote
    everybody = np.arange(len(data))
    parts = np.array_split(everybody, FOLDS)
    sorted_folds = cross_validate(
        partial(BOOSTING.build, SEED),
        data,
        ((np.setdiff1d(everybody, part), part) for part in parts),
    )
    accuracy, spread = sorted_folds.mean.accuracy, sorted_folds.deviation.accuracy
    yield (
        "folds of the list as it is sorted, unshuffled",
        f"{accuracy:.3f} ± {spread:.3f}",
        honest(BOOSTING),
    )


def boats_of(data: TrainingData) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """1 for who is known to have been in a lifeboat, in the order of the packaged list."""
    with PACKAGED_LIST.open(newline="") as file:
        boats = np.array([[bool(line["boat"])] for line in csv.DictReader(file)], np.float32)
    if len(boats) != len(data):
        sys.exit("other lists have landed here: measure in a home with the packaged list alone")
    return boats


def resampled_before_splitting(data: TrainingData) -> float:
    """The accuracy on folds that hold made-up passengers between those of the training folds."""
    filled = SimpleImputer(strategy="median").fit_transform(data.matrix)
    matrix, survived = SMOTE(random_state=SEED).fit_resample(filled, data.survived)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(matrix, survived)
    found = []
    for train, test in folds:
        model = FOREST.build(SEED).fit(matrix[train], survived[train])
        found.append(measure(survived[test], model.predict_proba(matrix[test])[:, 1]).accuracy)
    return float(np.mean(found))


if __name__ == "__main__":
    main()
