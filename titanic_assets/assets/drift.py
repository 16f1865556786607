"""Monitoring: how far the passengers of late are from those the model was trained on."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import MODEL_TEAM, MONITORING_POOL
from titanic_assets.monitoring.drift.report import DriftReport
from titanic_assets.settings import Settings
from titanic_assets.tracking.mlflow_run import MlflowRun


@dg.asset(
    group_name="monitoring",
    pool=MONITORING_POOL,
    owners=[MODEL_TEAM],
    kinds={"evidently", "mlflow"},
    deps=["prediction_events"],
    check_specs=[
        dg.AssetCheckSpec(
            "no_field_has_drifted",
            asset="drift_report",
            description="The champion is asked about such passengers as it was trained on.",
        ),
        dg.AssetCheckSpec(
            "enough_predictions",
            asset="drift_report",
            description="There are enough predictions of the champion to tell drift from chance.",
        ),
    ],
)
def drift_report(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    monitoring_run: MlflowRun,
) -> Iterator[dg.Output[DriftReport] | dg.AssetCheckResult]:
    """How far passengers and answers of late are from those the answering version was trained on.

    Field by field, by the index and the rule of the service's own window, for each version that
    made predictions since the report before. Drift of the champion asks for training.
    """
    from time import time

    from titanic_assets.monitoring.drift.describing import check_results, describe
    from titanic_assets.monitoring.drift.making import DriftReporter, history_of
    from titanic_assets.tracking.registry import NoRelease

    try:
        report = DriftReporter(settings, monitoring_run, context.log.info, time()).report()
    except NoRelease as error:
        raise dg.Failure(str(error)) from None
    history = history_of(settings)
    past = (*history.lines(), *history.news_in(report))
    yield dg.Output(report, metadata=describe(report, past, monitoring_run))
    history.add(report)
    yield from check_results(report)
