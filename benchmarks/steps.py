"""Validation and features alone, without start-up, reading of the source, Dagster or pictures.

    python -m benchmarks.steps RAW.parquet FOLDER

prints the seconds of CPU and of wall time that the two take together.
"""

import sys
import time
from pathlib import Path

from expectations.validation import validate
from titanic_assets.tables import Table, write_table
from titanic_assets.training.feature_tables import build_features
from titanic_model.schemas import RAW_SCHEMA

_WARM_UP_ROWS = 1000


def validate_and_derive(raw: Table, folder: Path) -> Table:
    """The features of all rows of a raw table that are fit for use."""
    kept = folder / "kept.parquet"
    verdict = validate(raw.batches(), kept, folder / "quarantined.parquet")
    if not verdict.accepted:
        raise ValueError(verdict.message)
    return build_features(Table(kept), folder / "features.parquet")


def main(raw: str, folder: str) -> None:
    """Warm up on the first rows, then measure."""
    few = next(Table(Path(raw)).batches(rows=_WARM_UP_ROWS))
    validate_and_derive(write_table([few], RAW_SCHEMA, Path(folder, "few.parquet")), Path(folder))
    cpu, wall = time.process_time(), time.monotonic()
    validate_and_derive(Table(Path(raw)), Path(folder))
    print(time.process_time() - cpu, time.monotonic() - wall)


if __name__ == "__main__":
    main(*sys.argv[1:])
