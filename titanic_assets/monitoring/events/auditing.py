"""Whether the tables hold what was collected, no more and no less."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from titanic_assets.monitoring.events.manifest import Kind, Manifest


@dataclass(frozen=True)
class Audit:
    """What was counted: events by the segments they came from, rows by the files they are in."""

    events: int
    rows: int
    wrong: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether both are the same, and every file is as the manifest has it."""
        return self.events == self.rows and not self.wrong

    @property
    def message(self) -> str:
        """For people."""
        if self.is_right:
            return f"{self.events:,} events came in and {self.rows:,} rows are there."
        named = "; ".join(self.wrong[:10])
        return (
            f"{self.events:,} events came in, but {self.rows:,} rows are there. {named} "
            "Remove the folder events/ under TITANIC_HOME and materialise this asset: it is made "
            "again from the log."
        )


def audit(folder: Path) -> Audit:
    """Count the rows by the files' own footers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    manifest = Manifest(folder)
    rows = 0
    wrong = []
    kind: Kind
    for kind in get_args(Kind):
        for file in manifest.files(kind):
            try:
                there = int(pq.read_metadata(folder / file.path).num_rows)
            except (OSError, pa.ArrowException) as error:
                wrong.append(f"{file.path}: {type(error).__name__}")
                continue
            rows += there
            if there != file.rows:
                wrong.append(f"{file.path} has {there:,} rows instead of {file.rows:,}")
    totals = manifest.totals
    return Audit(totals.predictions + totals.outcomes, rows, tuple(wrong))
