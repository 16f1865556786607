"""What earlier reports found, one line for each report and version: one sees when it began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from titanic_assets.monitoring.drift.report import DriftReport, Role
from titanic_assets.monitoring.lines import add_lines, read_lines


@dataclass(frozen=True)
class Past:
    """One version in one report."""

    report_id: str
    made: float
    version: int
    digest: str
    role: Role
    predictions: int
    last: float | None
    enough: bool
    index: Mapping[str, float]
    bar: Mapping[str, float]
    drifted: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """The lines at `path`; a file that is not there yet has none."""

    path: Path

    def lines(self) -> tuple[Past, ...]:
        """The lines of late, the oldest first."""
        return tuple(past for line in read_lines(self.path) if (past := _read(line)) is not None)

    def last_of(self, digest: str, created: float) -> float | None:
        """The newest prediction of a version that any report has taken in."""
        taken = (past.last for past in self.lines() if past.digest == digest)
        return max((last for last in taken if last is not None and last >= created), default=None)

    def news_in(self, report: DriftReport) -> tuple[Past, ...]:
        """The lines of a report, one for each version in it about which there is any news."""
        known = {(past.digest, past.last) for past in self.lines()}
        return tuple(past for past in _pasts(report) if (past.digest, past.last) not in known)

    def add(self, report: DriftReport) -> None:
        """Add a report that is handed over: the next one begins after what this one has seen."""
        add_lines(self.path, map(asdict, self.news_in(report)))


def _pasts(report: DriftReport) -> Iterable[Past]:
    for each in report.versions:
        yield Past(
            report_id=report.report_id,
            made=report.made,
            version=each.version,
            digest=each.digest,
            role=each.role,
            predictions=each.predictions,
            last=each.last,
            enough=each.enough,
            index={field.name: round(field.index, 6) for field in each.fields},
            bar={field.name: round(field.bar, 6) for field in each.fields},
            drifted=tuple(field.name for field in each.drifted),
        )


def _read(line: dict[str, Any]) -> Past | None:
    try:
        return Past(**{**line, "drifted": tuple(line["drifted"])})
    except (TypeError, KeyError):
        return None
