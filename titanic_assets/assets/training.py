"""Training: the candidate, its judges, its card, and the champion."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import GRAPH_POOL, MODEL_TEAM
from titanic_assets.metadata import as_table
from titanic_assets.settings import Settings
from titanic_assets.tables import Table
from titanic_assets.tracking.mlflow_run import MlflowRun
from titanic_assets.tracking.versions import ModelVersion
from titanic_assets.training import fitting, judging, promoting
from titanic_assets.training.records import CandidateEvaluation, TrainedCandidate

# Every gate of `titanic_model.gates`, as a check that people see in the UI.
GATES = {
    "accuracy": "Cross-validated accuracy is high enough.",
    "log_loss": "Cross-validated log loss is low enough.",
    "better_than_sex_alone": "It knows more than that women were let into the boats first.",
    "not_too_good_to_be_true": "No figure is so good that it must come from a leak.",
    "onnx_parity": "The exported model says what the trained one says.",
    "behaviour": "What must not matter does not, and what must matter does.",
    "latency": "One prediction is quick enough.",
    "fairness": "Groups in which it is often wrong are named; this never blocks.",
}


@dg.asset(
    group_name="training", pool=GRAPH_POOL, owners=[MODEL_TEAM], kinds={"sklearn", "mlflow", "onnx"}
)
def trained_model(
    context: dg.AssetExecutionContext,
    passenger_features: Table,
    settings: dg.ResourceParam[Settings],
    mlflow_run: MlflowRun,
) -> dg.Output[TrainedCandidate]:
    """The winner of a randomised search over several model families, registered as candidate.

    Each trial is a run in MLflow below this one's. The version holds the pipeline, its ONNX
    export, golden passengers, and the reference for drift.
    """
    data = fitting.load_training_data(passenger_features)
    model = fitting.search_and_fit(context, data, settings, mlflow_run)
    candidate = fitting.register(context, model, data, mlflow_run)
    return dg.Output(
        candidate,
        metadata=fitting.describe(candidate, model, data, mlflow_run),
    )


@dg.asset(
    group_name="training",
    pool=GRAPH_POOL,
    owners=[MODEL_TEAM],
    kinds={"onnx", "mlflow"},
    check_specs=[
        dg.AssetCheckSpec(name, asset="candidate_evaluation", description=description)
        for name, description in GATES.items()
    ],
)
def candidate_evaluation(
    context: dg.AssetExecutionContext,
    trained_model: TrainedCandidate,
    passenger_features: Table,
    validated_passengers: Table,
    mlflow_run: MlflowRun,
) -> Iterator[dg.Output[CandidateEvaluation] | dg.AssetCheckResult]:
    """Candidate and champion on the same passengers, whom neither has ever seen; and the gates."""
    judgement = judging.judge_candidate(
        trained_model,
        fitting.load_training_data(passenger_features),
        fitting.sources_of(validated_passengers),
        mlflow_run.registry,
    )
    record = judgement.record
    yield dg.Output(record, metadata=judging.describe(judgement, mlflow_run))
    for gate in record.gates:
        context.log.info("gate %s: %s", gate.name, gate.explanation)
        yield dg.AssetCheckResult(
            check_name=gate.name,
            passed=gate.passed,
            severity=dg.AssetCheckSeverity.ERROR if gate.blocking else dg.AssetCheckSeverity.WARN,
            description=gate.explanation,
            metadata={"measured": gate.measured, "bar": gate.bar},
        )


@dg.asset(group_name="training", pool=GRAPH_POOL, owners=[MODEL_TEAM], kinds={"markdown"})
def model_card(candidate_evaluation: CandidateEvaluation, mlflow_run: MlflowRun) -> dg.Output[str]:
    """What the candidate is for, what it was made of, how good it is, for whom, and its limits."""
    from titanic_assets.training.model_card import render_model_card

    card = render_model_card(candidate_evaluation.facts)
    mlflow_run.log_files({"model_card.md": card.encode()})
    return dg.Output(
        card,
        metadata={
            "card": dg.MetadataValue.md(card),
            "in MLflow": dg.MetadataValue.url(mlflow_run.artifact_url("model_card.md")),
        },
    )


@dg.asset(
    group_name="training",
    pool=GRAPH_POOL,
    owners=[MODEL_TEAM],
    kinds={"mlflow"},
    output_required=False,
    check_specs=[
        dg.AssetCheckSpec(
            "candidate_was_promoted",
            asset="champion_model",
            description="The last candidate became champion; if not, the reason.",
        )
    ],
)
def champion_model(
    context: dg.AssetExecutionContext,
    candidate_evaluation: CandidateEvaluation,
    settings: dg.ResourceParam[Settings],
    mlflow_run: MlflowRun,
) -> Iterator[dg.Output[ModelVersion] | dg.AssetCheckResult]:
    """The model version that is to be live. It changes only when a candidate earns it.

    A candidate that passes every gate and is better on the same held-out passengers takes the
    alias, and the promotion ledger gets a line. One that does not leaves everything as it is.
    """
    promotion = promoting.decide_and_promote(context, candidate_evaluation, settings, mlflow_run)
    context.log.info(promotion.sentence)
    metadata: dict[str, dg.MetadataValue | str] = {
        "decision": promotion.decision.outcome,
        "reason": promotion.decision.reason,
        "ledger": dg.MetadataValue.md(
            as_table(["when", "alias", "from", "to", "why"], promotion.newest_lines)
        ),
    }
    if promotion.promoted:
        version = candidate_evaluation.candidate
        yield dg.Output(
            version,
            metadata={
                "version": version.version,
                **metadata,
                "digest": version.digest,
                "in MLflow": dg.MetadataValue.url(mlflow_run.links.version(version.version)),
            },
        )
    yield dg.AssetCheckResult(
        check_name="candidate_was_promoted",
        passed=promotion.promoted,
        severity=dg.AssetCheckSeverity.WARN,
        description=promotion.sentence,
        metadata=metadata,
    )
