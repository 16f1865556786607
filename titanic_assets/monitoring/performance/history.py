"""What each performance report found, one line per report and version: when did it begin?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.monitoring.lines import add_lines, read_lines
from titanic_assets.tracking.locking import held

if TYPE_CHECKING:
    from titanic_assets.monitoring.performance.report import PerformanceReport

# As many lines as are drawn; the file keeps them all.
NEWEST = 400


@dataclass(frozen=True)
class Line:
    """One version in one report."""

    report_id: str
    made: float
    version: int
    digest: str
    outcomes: int
    accuracy: float
    promised: float | None
    off: float
    gap: float
    brier: float
    log_loss: float
    state: str


def history_file(reports: Path) -> Path:
    """Where it lies."""
    return reports / "performance.jsonl"


def remember(path: Path, report: PerformanceReport) -> None:
    """Add a report's lines; one of the same outcomes again adds none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path.with_suffix(".lock")):
        known = {(line.report_id, line.version) for line in read_history(path)}
        new = [line for line in _lines(report) if (line.report_id, line.version) not in known]
        add_lines(path, map(asdict, new))


def read_history(path: Path, newest: int = NEWEST) -> tuple[Line, ...]:
    """The newest lines, the oldest first."""
    names = [field.name for field in fields(Line)]
    whole = (line for line in read_lines(path) if line.keys() >= set(names))
    return tuple(Line(**{name: line[name] for name in names}) for line in whole)[-newest:]


def _lines(report: PerformanceReport) -> list[Line]:
    return [
        Line(
            report_id=report.report_id,
            made=report.made,
            version=each.version,
            digest=each.digest,
            outcomes=each.figures.outcomes,
            accuracy=each.figures.accuracy,
            promised=each.promise.accuracy if each.promise else None,
            off=each.figures.off,
            gap=each.figures.gap,
            brier=each.figures.brier,
            log_loss=each.figures.log_loss,
            state=each.kept.state,
        )
        for each in report.versions
        if each.figures is not None and each.role != "earlier"
    ]
