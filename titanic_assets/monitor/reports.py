"""The newest reports on the model, as the graph has left them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from titanic_assets.monitoring.drift.report import DriftReport, read_drift_report
from titanic_assets.monitoring.verdicts import Report, ReportVerdict, read_verdict

if TYPE_CHECKING:
    from titanic_assets.settings import Settings


@dataclass(frozen=True)
class Reports:
    """What each concludes, and the drift report with its figures; None before there is one."""

    verdicts: Mapping[str, ReportVerdict]
    drift: DriftReport | None


def read_reports(settings: Settings) -> Reports:
    """All that there are."""
    found = {report: read_verdict(settings, report) for report in get_args(Report)}
    return Reports(
        {report: verdict for report, verdict in found.items() if verdict},
        read_drift_report(settings),
    )
