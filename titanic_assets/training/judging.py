"""What the evaluation assets do between Dagster, MLflow and the judges of floor 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.metadata import as_table
from titanic_assets.training.model_card import Figure, Group, ModelFacts, Variant
from titanic_assets.training.records import CandidateEvaluation, TrainedCandidate
from titanic_model.features import FEATURE_VERSION, FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from titanic_assets.tracking.mlflow_run import MlflowRun
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.tracking.versions import ModelVersion
    from titanic_model.comparison import Comparison
    from titanic_model.evaluation import Evaluation, RocPoint
    from titanic_model.metrics import Metrics
    from titanic_model.release import Release
    from titanic_model.scorer import Scorer
    from titanic_model.training_data import TrainingData


@dataclass(frozen=True, eq=False)
class Judgement:
    """All that was found out about a candidate, and its pictures by name."""

    record: CandidateEvaluation
    evaluation: Evaluation
    pictures: Mapping[str, bytes]


def judge_candidate(
    trained: TrainedCandidate, data: TrainingData, sources: tuple[str, ...], registry: Registry
) -> Judgement:
    """Put the candidate and the champion before the same held-out passengers."""
    from titanic_model.behaviour import behaviours
    from titanic_model.evaluation import evaluate
    from titanic_model.gates import Evidence, judge
    from titanic_model.latency import microseconds_per_passenger

    held_out = data.held_out_part
    release = _fetch(registry, trained.version)
    scorer = release.scorer()
    evaluation = evaluate(scorer, held_out)
    gates = judge(
        Evidence(
            cross_validated=trained.cross_validated,
            sex_alone=trained.sex_alone,
            parity=trained.parity,
            behaviours=behaviours(scorer),
            microseconds=microseconds_per_passenger(scorer),
            cells=evaluation.cells,
        )
    )
    champion = registry.version_at("champion")
    rival = _scorer_of(registry, champion)
    comparison = _compare(held_out, scorer, rival)
    record = CandidateEvaluation(
        candidate=trained.version,
        gates=gates,
        champion=champion,
        comparison=comparison,
        facts=_facts(trained, data, sources, evaluation),
    )
    return Judgement(record, evaluation, _pictures(held_out, scorer, evaluation, rival, comparison))


def _fetch(registry: Registry, version: ModelVersion) -> Release:
    from titanic_model.release import read_release

    with TemporaryDirectory() as folder:
        return read_release(registry.fetch_release(version, Path(folder, "release")))


def _scorer_of(registry: Registry, champion: ModelVersion | None) -> Scorer | None:
    """The champion's scorer, or None if there is none that reads today's features."""
    if champion is None:
        return None
    release = _fetch(registry, champion)
    if release.metadata.feature_version != FEATURE_VERSION:
        return None
    return release.scorer()


def _compare(held_out: TrainingData, scorer: Scorer, rival: Scorer | None) -> Comparison | None:
    from titanic_model.comparison import compare_models

    if rival is None:
        return None
    return compare_models(held_out, scorer.score(held_out.matrix), rival.score(held_out.matrix))


def _pictures(
    held_out: TrainingData,
    scorer: Scorer,
    evaluation: Evaluation,
    rival: Scorer | None,
    comparison: Comparison | None,
) -> dict[str, bytes]:
    from titanic_assets import pictures

    probability = scorer.score(held_out.matrix)
    confusion, bins = evaluation.confusion, evaluation.calibration
    curves = {"candidate": _curve(evaluation.roc, evaluation.metrics.roc_auc)}
    drawn = {
        "confusion matrix": pictures.confusion_matrix(
            [
                [confusion.died_said_died, confusion.died_said_survived],
                [confusion.survived_said_died, confusion.survived_said_survived],
            ]
        ),
        "calibration": pictures.calibration(
            [part.predicted for part in bins],
            [part.observed for part in bins],
            [part.passengers for part in bins],
        ),
        "score distribution": pictures.score_distribution(probability, held_out.survived),
        "importance": pictures.importance(
            {found.name: found.log_loss for found in evaluation.importance},
            {found.name: found.deviation for found in evaluation.importance},
        ),
    }
    if rival is not None and comparison is not None:
        from titanic_model.evaluation import roc_points
        from titanic_model.metrics import measure

        chances = rival.score(held_out.matrix)
        champion = measure(held_out.survived, chances)
        curves["champion"] = _curve(roc_points(held_out.survived, chances), champion.roc_auc)
        gain = comparison.gain_interval
        drawn["candidate and champion"] = pictures.candidate_and_champion(
            {
                name: (getattr(evaluation.metrics, name), getattr(champion, name))
                for name in vars(evaluation.metrics)
            },
            (comparison.gain, gain.low, gain.high),
        )
    return {"ROC": pictures.roc_curve(curves), **drawn}


def _curve(points: Sequence[RocPoint], area: float) -> tuple[list[float], list[float], float]:
    return (
        [point.false_positive_rate for point in points],
        [point.true_positive_rate for point in points],
        area,
    )


def _facts(
    trained: TrainedCandidate,
    data: TrainingData,
    sources: tuple[str, ...],
    evaluation: Evaluation,
) -> ModelFacts:
    version = trained.version
    return ModelFacts(
        version=version.version,
        created=version.created,
        family=trained.family,
        imbalance=trained.imbalance,
        parameters=tuple((name, f"{value}") for name, value in trained.parameters.items()),
        trials=trained.trials,
        feature_version=FEATURE_VERSION,
        sources=sources,
        data_fingerprint=version.data_fingerprint,
        training_rows=len(data.training_part),
        held_out_rows=len(data.held_out_part),
        cross_validated=(
            *_figures(trained.cross_validated),
            Figure("accuracy, families kept together", trained.by_ticket.accuracy),
            Figure("log loss, families kept together", trained.by_ticket.log_loss),
        ),
        held_out=(
            *(
                Figure(
                    name,
                    getattr(evaluation.metrics, name),
                    evaluation.intervals[name].low,
                    evaluation.intervals[name].high,
                )
                for name in vars(evaluation.metrics)
            ),
            Figure("calibration error", evaluation.calibration_error),
        ),
        sex_alone_accuracy=_right_by_sex(data.held_out_part),
        groups=tuple(
            Group(
                cell.name,
                cell.passengers,
                cell.survived,
                cell.said_survived,
                Figure("accuracy", cell.accuracy),
                cell.weak,
            )
            for cell in evaluation.cells
        ),
        variants=(
            Variant("everything known", _figures(evaluation.metrics)),
            Variant("without name and cabin", _figures(evaluation.without_name_and_cabin)),
        ),
        digest=version.digest,
        dagster_run_id=version.dagster_run_id,
        mlflow_run_id=version.run_id,
        code_revision=version.code_revision,
    )


def _figures(metrics: Metrics) -> tuple[Figure, ...]:
    return tuple(Figure(name, value) for name, value in vars(metrics).items())


def _right_by_sex(data: TrainingData) -> float:
    """How often "the women lived, the men died" is right."""
    female: NDArray[np.bool_] = data.matrix[:, FEATURES.index("female")] == 1
    return float((female == (data.survived == 1)).mean())


def describe(judgement: Judgement, run: MlflowRun) -> dict[str, dg.MetadataValue | str | int]:
    """The evaluation as the UI shows it: figures, gates, groups, and every picture."""
    from titanic_assets.pictures import as_markdown

    record, evaluation = judgement.record, judgement.evaluation
    figures = [
        [name.replace("_", " "), f"{value:.3f}",
         f"{evaluation.intervals[name].low:.3f} to {evaluation.intervals[name].high:.3f}",
         f"{getattr(evaluation.without_name_and_cabin, name):.3f}"]
        for name, value in vars(evaluation.metrics).items()
    ]  # fmt: skip
    gates = [
        [gate.name.replace("_", " "), "passed" if gate.passed else "FAILED" if gate.blocking
         else "told", f"{gate.measured:.3g}", f"{gate.bar:.3g}"]
        for gate in record.gates
    ]  # fmt: skip
    cells = [
        [
            cell.name,
            cell.passengers,
            f"{cell.survived:.0%}",
            f"{cell.said_survived:.0%}",
            f"{cell.accuracy:.2f}{', weak' if cell.weak else ''}",
        ]
        for cell in evaluation.cells
    ]
    comparison = record.comparison
    return {
        "candidate": record.candidate.version,
        "champion": record.champion.version if record.champion else "none yet",
        "held-out passengers": evaluation.passengers,
        "figures": _table(["", "held out", "95 % interval", "without name and cabin"], figures),
        "gates": _table(["gate", "", "measured", "bar"], gates),
        "by sex and class": _table(["group", "n", "survived", "predicted", "accuracy"], cells),
        "against the champion": "there is none to compare with"
        if comparison is None
        else f"{'gains' if comparison.gain >= 0 else 'loses'} {abs(comparison.gain):.4f} log loss "
        f"(95 %: {comparison.gain_interval.low:+.4f} to {comparison.gain_interval.high:+.4f}, more "
        "is better); only the candidate is right about "
        f"{comparison.only_candidate_right}, only the champion about "
        f"{comparison.only_champion_right} (p = {comparison.p_value:.3f})",
        "pictures": run.show(judgement.pictures),
        # The same once more, for when MLflow is not there to show them.
        **{
            name: dg.MetadataValue.md(as_markdown(picture, name))
            for name, picture in judgement.pictures.items()
        },
        "MLflow run": dg.MetadataValue.url(run.url),
    }


def _table(header: list[str], rows: Sequence[Sequence[object]]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(as_table(header, rows))
