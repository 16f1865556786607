"""What earlier reports found, one line for each report and version: so that one sees when it began.

A file of JSON lines to which is only added. A line that a crash tore is passed over, and what goes
back farther than anybody looks is not read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from titanic_assets.monitoring.drift.report import DriftReport, Role

# About ten thousand lines.
_READ_BYTES = 8 * 1024 * 1024


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
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                begin = max(0, size - _READ_BYTES)
                file.seek(begin)
                content = file.read()
        except FileNotFoundError:
            return ()
        lines = content.splitlines()[1 if begin else 0 :]
        return tuple(past for line in lines if (past := _read(line)) is not None)

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
        lines = b"".join(
            json.dumps(asdict(past), allow_nan=False).encode() + b"\n"
            for past in self.news_in(report)
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            if file.tell() and not _ends_a_line(file):
                lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


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


def _read(line: bytes) -> Past | None:
    try:
        content: dict[str, Any] = json.loads(line)
        return Past(**{**content, "drifted": tuple(content["drifted"])})
    except (TypeError, ValueError, KeyError):
        return None


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")
