"""A drift report as the Dagster UI shows it: the verdict, the fields, the pictures, the links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.metadata import as_table
from titanic_assets.monitoring.drift.making import when
from titanic_assets.monitoring.drift.verdict import spoken
from titanic_model.reference import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from titanic_assets.monitoring.drift.history import Past
    from titanic_assets.monitoring.drift.report import DriftReport, VersionDrift
    from titanic_assets.tracking.mlflow_run import MlflowRun

_Metadata = dict[str, dg.MetadataValue | str | int | float]


def describe(report: DriftReport, past: Sequence[Past], run: MlflowRun) -> _Metadata:
    """The whole report; what is about one version is about the champion."""
    shown: _Metadata = {
        "verdict": report.why,
        "asks for training": "yes" if report.asks_for_training else "no",
    }
    champion = report.champion
    if champion is not None and champion.predictions:
        shown |= _pictures(champion, past, run)
        shown["fields"] = dg.MetadataValue.md(_fields(champion))
    shown |= _pages(report)
    shown["versions"] = dg.MetadataValue.md(_versions(report))
    shown["predictions"] = sum(each.predictions for each in report.versions)
    shown["report"] = report.report_id
    shown["MLflow run"] = dg.MetadataValue.url(run.url)
    return shown


def check_results(report: DriftReport) -> tuple[dg.AssetCheckResult, dg.AssetCheckResult]:
    """The two checks: of drift, and of whether there were enough to tell."""
    champion = report.champion
    if champion is not None and champion.enough:
        enough = f"{champion.predictions:,} predictions; {ENOUGH} are enough."
    else:
        enough = None
    return (
        dg.AssetCheckResult(
            check_name="no_field_has_drifted",
            passed=not (champion and champion.drifted),
            severity=dg.AssetCheckSeverity.WARN,
            description=report.why,
            metadata={
                f"{spoken(field.name)}, version {each.version}": field.index
                for each in report.versions
                for field in each.drifted
            },
        ),
        dg.AssetCheckResult(
            check_name="enough_predictions",
            passed=enough is not None,
            severity=dg.AssetCheckSeverity.WARN,
            description=enough or report.why,
        ),
    )


def _pictures(champion: VersionDrift, past: Sequence[Past], run: MlflowRun) -> _Metadata:
    from titanic_assets.monitoring.drift import pictures

    shown: _Metadata = {
        "fields now": run.show(
            {
                "drift by field": pictures.distances(champion),
                "drift then and now": pictures.then_and_now(champion),
            }
        )
    }
    judged = [each for each in past if each.enough and each.role == "champion"]
    if judged:
        names = [field.name for field in champion.fields]
        shown["since when"] = run.show({"drift over time": pictures.over_time(judged, names)})
    return shown


def _pages(report: DriftReport) -> _Metadata:
    pages: _Metadata = {}
    for each in report.versions:
        name = f"Evidently's page of version {each.version}"
        pages[name] = dg.MetadataValue.url(each.link) if each.link else f"none: {each.no_page}"
        if each.quality and each.quality.link:
            pages[f"{name}, answers"] = dg.MetadataValue.url(each.quality.link)
    return pages


def _fields(found: VersionDrift) -> str:
    header = ["field", "index", "bar", "moved", "missing then", "missing now", "counted"]
    return as_table(
        header,
        [
            [spoken(field.name), f"{field.index:.3f}", f"{field.bar:.3f}",
             "yes" if field.drifted else "no" if found.enough else "too few to tell",
             f"{field.missing_then:.1%}", f"{field.missing_now:.1%}", f"{field.n:,}"]
            for field in sorted(found.fields, key=lambda field: -field.index)
        ],
    )  # fmt: skip


def _versions(report: DriftReport) -> str:
    header = ["version", "role", "predictions", "from", "to", "moved", "outcomes", "accuracy"]
    return as_table(
        header,
        [
            [each.version, each.role, f"{each.predictions:,}", when(each.first), when(each.last),
             ", ".join(spoken(field.name) for field in each.drifted)
             or ("none" if each.enough else "too few to tell"),
             f"{each.quality.outcomes:,}" if each.quality else "none known",
             f"{each.quality.accuracy:.3f}" if each.quality else "-"]
            for each in report.versions
        ],
    )  # fmt: skip
