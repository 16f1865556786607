"""What the training assets do between Dagster, MLflow and the model code of floor 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.metadata import as_table
from titanic_assets.revision import code_revision
from titanic_assets.settings import CHECKOUT
from titanic_assets.training.records import TrainedCandidate

if TYPE_CHECKING:
    from titanic_assets.settings import Settings
    from titanic_assets.tables import Table
    from titanic_assets.tracking.mlflow_run import MlflowRun
    from titanic_model.folds import CrossValidation
    from titanic_model.search import Trial
    from titanic_model.training import TrainedModel
    from titanic_model.training_data import TrainingData

# What a scikit-learn pipeline needs to be loaded again from MLflow.
_NEEDED = ("scikit-learn", "imbalanced-learn", "skops", "numpy", "scipy")


def load_training_data(features: Table) -> TrainingData:
    """The feature table as floor 0 wants it."""
    from titanic_model.training_data import TrainingData

    return TrainingData.from_table(features.to_pandas())


def search_and_fit(
    context: dg.AssetExecutionContext, data: TrainingData, settings: Settings, run: MlflowRun
) -> TrainedModel:
    """Search for the best model; each trial is a line in the log and a child run in MLflow."""
    from titanic_model.search import Budget
    from titanic_model.training import train

    budget = Budget(trials=settings.search_trials, seed=settings.search_seed)
    tracking = _TrialLog(context, run, budget.trials)
    return train(data, budget, tracking.take, context.log.info)


class _TrialLog:
    """Tells of each trial as soon as it is done."""

    def __init__(self, context: dg.AssetExecutionContext, run: MlflowRun, trials: int) -> None:
        self._log = context.log
        self._registry = run.registry
        self._parent = run.run_id
        self._trials = trials
        self._best = float("inf")

    def take(self, trial: Trial) -> None:
        """Log one trial."""
        from titanic_assets.tracking.registry import Trial as Tracked

        candidate = trial.candidate
        mean, deviation = trial.validation.mean, trial.validation.deviation
        self._best = min(self._best, mean.log_loss)
        self._log.info(
            f"trial {trial.number} of {self._trials}: {candidate.family}, imbalance "
            f"{candidate.imbalance}: log loss {mean.log_loss:.4f} ± {deviation.log_loss:.4f}, "
            f"accuracy {mean.accuracy:.4f} ({trial.seconds:.1f} s); best so far {self._best:.4f}"
        )
        ended = datetime.now(UTC)
        self._registry.log_trial(
            self._parent,
            Tracked(
                name=f"trial {trial.number:02d} {candidate.family}",
                params={
                    "family": candidate.family,
                    "imbalance": candidate.imbalance,
                    **candidate.parameters,
                },
                metrics={
                    **vars(mean),
                    **{f"{name}_sd": value for name, value in vars(deviation).items()},
                    "seconds": trial.seconds,
                },
                tags={"family": candidate.family},
                started=ended - timedelta(seconds=trial.seconds),
                ended=ended,
            ),
        )


def register(
    context: dg.AssetExecutionContext, model: TrainedModel, data: TrainingData, run: MlflowRun
) -> TrainedCandidate:
    """Put the finished model into the registry with all that a release needs."""
    from titanic_assets.monitoring.drift.reference import ROWS
    from titanic_assets.tracking.winner import Winner
    from titanic_model.release import Provenance, write_release

    candidate, figures = model.winner.candidate, model.figures
    mean, deviation = figures.stratified.mean, figures.stratified.deviation
    metrics = {
        **{f"cv_{name}": value for name, value in vars(mean).items()},
        **{f"cv_by_ticket_{name}": value for name, value in vars(figures.by_ticket.mean).items()},
        "cv_accuracy_sex_alone": figures.sex_alone.mean.accuracy,
        "onnx_largest_difference": model.parity.largest_difference,
    }
    provenance = Provenance(
        data_fingerprint=data.fingerprint,
        code_revision=code_revision(CHECKOUT),
        dagster_run_id=context.run.run_id,
        mlflow_run_id=run.run_id,
    )
    with TemporaryDirectory() as folder:
        version = run.registry.register(
            Winner(
                run_id=run.run_id,
                pipeline=model.pipeline,
                input_example=data.matrix[:3],
                release=write_release(model.release(provenance), Path(folder, "release")),
                digest=model.digest,
                data_fingerprint=provenance.data_fingerprint,
                dagster_run_id=context.run.run_id,
                code_revision=provenance.code_revision,
                pip_requirements=[f"{name}=={installed(name)}" for name in _NEEDED],
                params={
                    "family": candidate.family,
                    "imbalance": candidate.imbalance,
                    "trials": len(model.trials),
                    **candidate.parameters,
                },
                metrics=metrics,
                artifacts={ROWS: _reference_rows(data.training_part, figures.stratified)},
            )
        )
    return TrainedCandidate(
        version=version,
        family=candidate.family,
        imbalance=candidate.imbalance,
        parameters=candidate.parameters,
        trials=len(model.trials),
        cross_validated=mean,
        deviation=deviation,
        by_ticket=figures.by_ticket.mean,
        sex_alone=figures.sex_alone.mean,
        parity=model.parity,
    )


def _reference_rows(training: TrainingData, unseen: CrossValidation) -> bytes:
    """The training passengers as later drift reports compare with them."""
    from titanic_assets.monitoring.drift.reference import reference_rows

    first = unseen.first_of_each
    without_cabin, without_name = (scores[first] for scores in unseen.otherwise)
    return reference_rows(training, unseen.left_out[first], without_cabin, without_name)


def progress_of(model: TrainedModel) -> list[tuple[str, float]]:
    """Family and log loss of each trial, in order."""
    return [(t.candidate.family, t.validation.mean.log_loss) for t in model.trials]


def sources_of(validated: Table) -> tuple[str, ...]:
    """The lists that the passengers are from."""
    import pyarrow.compute as pc

    names: dict[str, None] = {}
    for batch in validated.batches(["source"]):
        names.update(dict.fromkeys(pc.unique(batch.column("source")).to_pylist()))
    return tuple(names)


def describe(
    candidate: TrainedCandidate, model: TrainedModel, data: TrainingData, run: MlflowRun
) -> dict[str, dg.MetadataValue | str | int]:
    """The candidate as the UI shows it."""
    from titanic_assets.pictures import search_progress

    version = candidate.version
    columns = {
        "cross-validated": candidate.cross_validated,
        "± between folds": candidate.deviation,
        "families together": candidate.by_ticket,
        "sex alone": candidate.sex_alone,
    }
    rows = [
        [name.replace("_", " "), *(f"{getattr(figures, name):.3f}" for figures in columns.values())]
        for name in vars(candidate.cross_validated)
    ]
    trials = [
        [t.number, t.candidate.family, t.candidate.imbalance,
         f"{t.validation.mean.log_loss:.4f}", f"{t.validation.mean.accuracy:.3f}"]
        for t in sorted(model.trials, key=lambda t: t.validation.mean.log_loss)
    ]  # fmt: skip
    return {
        "version": version.version,
        "winner": f"{candidate.family}, imbalance {candidate.imbalance}",
        "same model as an earlier version": "yes" if version.reused else "no",
        "passengers trained on": len(data.training_part),
        "figures": dg.MetadataValue.md(as_table(["", *columns], rows)),
        "search": run.show({"search": search_progress(progress_of(model))}),
        "trials": dg.MetadataValue.md(
            as_table(["trial", "family", "imbalance", "log loss", "accuracy"], trials)
        ),
        "parameters": dg.MetadataValue.json(dict(candidate.parameters)),
        "digest": version.digest,
        "data fingerprint": version.data_fingerprint,
        "code revision": version.code_revision,
        "MLflow run": dg.MetadataValue.url(run.url),
        "model version": dg.MetadataValue.url(run.links.version(version.version)),
    }
