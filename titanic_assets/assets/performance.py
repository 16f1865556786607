"""Performance: how good the answers were, now that outcomes are known; and who is better."""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from titanic_assets.assets import MODEL_TEAM, MONITORING_POOL
from titanic_assets.monitoring.experiment.report import ExperimentReport
from titanic_assets.monitoring.performance.report import PerformanceReport
from titanic_assets.settings import Settings
from titanic_assets.tracking.monitoring_run import MonitoringRun

PERFORMANCE_PAGE = "performance/report.html"
EXPERIMENT_PAGE = "experiment/report.html"


@dg.asset(
    group_name="monitoring",
    pool=MONITORING_POOL,
    owners=[MODEL_TEAM],
    kinds={"mlflow"},
    deps=["prediction_events"],
    check_specs=[
        dg.AssetCheckSpec(
            "as_good_as_promised",
            asset="performance_report",
            description="The champion keeps the promise that it became champion by.",
        ),
        dg.AssetCheckSpec(
            "enough_outcomes",
            asset="performance_report",
            description="There are enough known outcomes to judge the champion by.",
        ),
    ],
)
def performance_report(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    monitoring_run: MonitoringRun,
) -> Iterator[dg.Output[PerformanceReport] | dg.AssetCheckResult]:
    """How often each version was right, and what its chances came to, where outcomes are known.

    The champion is held to what it was worth on passengers it had never seen. A broken promise
    asks for training.
    """
    from titanic_assets.monitoring.performance.history import (
        history_file,
        read_history,
        remember,
    )
    from titanic_assets.monitoring.performance.judging import policy_of
    from titanic_assets.monitoring.performance.making import make_report
    from titanic_assets.monitoring.performance.page import render_page
    from titanic_assets.monitoring.performance.pictures import draw
    from titanic_assets.monitoring.performance.showing import describe

    report = make_report(settings, monitoring_run.registry)
    report = replace(report, link=monitoring_run.artifact_url(PERFORMANCE_PAGE))
    context.log.info(report.why)
    past = history_file(settings.places.reports)
    remember(past, report)
    pictures = draw(report, read_history(past), settings.performance_drop)
    page = render_page(report, policy_of(settings), pictures)
    monitoring_run.log_files({PERFORMANCE_PAGE: page})
    shown = {"pictures": monitoring_run.show(pictures)} if pictures else {}
    yield dg.Output(
        report,
        metadata={
            **describe(report),
            **shown,
            "page": dg.MetadataValue.url(str(report.link)),
            "MLflow run": dg.MetadataValue.url(monitoring_run.url),
        },
    )
    champion = report.champion
    yield dg.AssetCheckResult(
        check_name="as_good_as_promised",
        passed=not report.asks_for_training,
        severity=dg.AssetCheckSeverity.WARN,
        description=report.why,
    )
    yield dg.AssetCheckResult(
        check_name="enough_outcomes",
        passed=champion is not None and champion.kept.state != "too_few",
        severity=dg.AssetCheckSeverity.WARN,
        description=report.why,
        metadata={"outcomes": champion.figures.outcomes if champion and champion.figures else 0},
    )


@dg.asset(
    group_name="monitoring",
    pool=MONITORING_POOL,
    owners=[MODEL_TEAM],
    kinds={"mlflow"},
    deps=["prediction_events"],
)
def experiment_report(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    monitoring_run: MonitoringRun,
) -> dg.Output[ExperimentReport]:
    """Champion and challenger on the same traffic: promote the one, keep the other, or wait.

    In shadow they are compared passenger by passenger, in a split caller by caller. The shadow
    sensor acts on it.
    """
    from titanic_assets.monitoring.experiment.making import make_report, policy_of
    from titanic_assets.monitoring.experiment.page import describe, render_page
    from titanic_assets.monitoring.experiment.pictures import draw

    report = make_report(settings, monitoring_run.registry)
    context.log.info(report.why)
    if report.experiment is None:
        return dg.Output(report, metadata=describe(report))
    report = replace(report, link=monitoring_run.artifact_url(EXPERIMENT_PAGE))
    pictures = draw(report.experiment, settings.minimum_gain)
    page = render_page(report, policy_of(settings), pictures)
    monitoring_run.log_files({EXPERIMENT_PAGE: page})
    shown = {"pictures": monitoring_run.show(pictures)} if pictures else {}
    return dg.Output(
        report,
        metadata={
            **describe(report),
            **shown,
            "page": dg.MetadataValue.url(str(report.link)),
            "MLflow run": dg.MetadataValue.url(monitoring_run.url),
        },
    )
