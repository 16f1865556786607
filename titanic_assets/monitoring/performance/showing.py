"""A performance report as the UI shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.metadata import as_table
from titanic_model.outcomes import State

if TYPE_CHECKING:
    from titanic_assets.monitoring.performance.report import PerformanceReport, VersionPerformance

_HEADER = (
    "version", "role", "outcomes", "right", "95 % interval", "promised", "chances off by",
    "log loss", "Brier", "found",
)  # fmt: skip
_FOUND: dict[State, str] = {
    "too_few": "too few to tell",
    "as_promised": "as promised",
    "worse": "worse than promised",
    "miscalibrated": "chances off",
}


def describe(report: PerformanceReport) -> dict[str, dg.MetadataValue | str | int]:
    """Verdict and figures; pictures and page are added by whoever keeps them."""
    champion = report.champion
    return {
        "verdict": report.why,
        "asks for training": "yes" if report.asks_for_training else "no",
        "outcomes": champion.figures.outcomes if champion and champion.figures else 0,
        "left out, as trained on": champion.learnt if champion else 0,
        "versions": dg.MetadataValue.md(as_table(_HEADER, map(_row, report.versions))),
        "report": report.report_id,
    }


def _row(version: VersionPerformance) -> list[object]:
    figures = version.figures
    if figures is None:
        return [version.version, version.role, 0, *[None] * 6, _FOUND[version.kept.state]]
    between = figures.accuracy_interval
    return [
        version.version,
        version.role,
        figures.outcomes,
        f"{figures.accuracy:.1%}",
        f"{between.low:.1%} to {between.high:.1%}",
        f"{version.promise.accuracy:.1%}" if version.promise else None,
        f"{figures.off:.1%}",
        f"{figures.log_loss:.3f}",
        f"{figures.brier:.3f}",
        _FOUND[version.kept.state],
    ]
