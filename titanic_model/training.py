"""From training data to a finished model: search, honest figures, fit, export, proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from titanic_model.families import Classifier, without_sampler
from titanic_model.folds import (
    CrossValidation,
    SexAlone,
    by_ticket,
    cross_validate,
    one_thread,
    stratified,
)
from titanic_model.golden import golden_rows
from titanic_model.inputs import WAYS_TO_BE_UNKNOWN, known_of, without
from titanic_model.onnx_export import export
from titanic_model.parity import Parity, compare
from titanic_model.reference import Reference, describe
from titanic_model.release import Provenance, Release, ReleaseMetadata
from titanic_model.scorer import Scorer
from titanic_model.search import Budget, Trial, best, search
from titanic_model.training_data import TrainingData

REPEATS = 3
# The winner is measured on folds that took no part in choosing it.
_OTHER_FOLDS = 1000


@dataclass(frozen=True, eq=False)
class Figures:
    """What a model is honestly worth: cross-validated on the training part, on fresh folds.

    `by_ticket` keeps families together; `sex_alone` is the baseline on the folds of `stratified`.
    """

    stratified: CrossValidation
    by_ticket: CrossValidation
    sex_alone: CrossValidation


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """The winner of a search: fitted, exported, and shown to be the same after it."""

    winner: Trial
    trials: tuple[Trial, ...]
    figures: Figures
    pipeline: Classifier
    onnx: bytes
    parity: Parity
    reference: Reference

    @cached_property
    def digest(self) -> str:
        """The model's identity: equal for the same data and settings."""
        return hashlib.sha256(self.onnx).hexdigest()

    def scorer(self) -> Scorer:
        """The exported model, loaded."""
        return Scorer(self.onnx)

    def release(self, provenance: Provenance, version: str = "") -> Release:
        """All that serving needs of this model."""
        candidate, figures = self.winner.candidate, self.figures
        return Release(
            model=self.onnx,
            metadata=ReleaseMetadata(
                version=version,
                family=candidate.family,
                parameters=candidate.parameters,
                imbalance=candidate.imbalance,
                figures={
                    "accuracy": figures.stratified.mean.accuracy,
                    "roc_auc": figures.stratified.mean.roc_auc,
                    "log_loss": figures.stratified.mean.log_loss,
                    "brier": figures.stratified.mean.brier,
                    "accuracy_by_ticket": figures.by_ticket.mean.accuracy,
                    "log_loss_by_ticket": figures.by_ticket.mean.log_loss,
                    "accuracy_of_sex_alone": figures.sex_alone.mean.accuracy,
                },
                provenance=provenance,
            ),
            reference=self.reference,
            golden=golden_rows(self.scorer()),
        )


def _nobody(_: object) -> None:
    """For callers who do not want to hear."""


def train(
    data: TrainingData,
    budget: Budget,
    on_trial: Callable[[Trial], None] = _nobody,
    on_stage: Callable[[str], None] = _nobody,
) -> TrainedModel:
    """Search for the best model on the training part and finish it.

    `on_trial` hears of each trial when it is done, `on_stage` of each stage when it begins.
    """
    data.require_enough()
    training = data.training_part
    on_stage(f"trying {budget.trials} candidates on {len(training):,} passengers")
    trials = []
    for trial in search(data, budget):
        trials.append(trial)
        on_trial(trial)
    winner = best(trials)
    on_stage(f"measuring the winner, trial {winner.number} ({winner.candidate.family}), anew")
    figures = measure_honestly(lambda: winner.candidate.build(budget.seed), training, budget.seed)
    on_stage("fitting it on the whole training part and exporting it")
    with one_thread():
        fitted = winner.candidate.build(budget.seed).fit(training.matrix, training.survived)
        pipeline = without_sampler(fitted)
        onnx = export(pipeline, data.matrix.shape[1])
        parity = compare(pipeline, Scorer(onnx), data.matrix)
    return TrainedModel(
        winner=winner,
        trials=tuple(trials),
        figures=figures,
        pipeline=pipeline,
        onnx=onnx,
        parity=parity,
        reference=describe(
            known_of(training.matrix),
            figures.stratified.left_out,
            *figures.stratified.otherwise,
        ),
    )


def measure_honestly(build: Callable[[], Classifier], training: TrainingData, seed: int) -> Figures:
    """Cross-validate one kind of model in every way its figures are reported.

    On the folds of `stratified` it is asked of the same passengers without what is often unknown,
    too: what it says then is part of the reference for drift.
    """
    seed += _OTHER_FOLDS
    known = known_of(training.matrix)
    return Figures(
        stratified=cross_validate(
            build,
            training,
            stratified(training, REPEATS, seed),
            [without(known, names) for names in WAYS_TO_BE_UNKNOWN],
        ),
        by_ticket=cross_validate(build, training, by_ticket(training, REPEATS, seed)),
        sex_alone=cross_validate(SexAlone, training, stratified(training, REPEATS, seed)),
    )
