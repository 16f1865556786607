"""What the ingestion assets do between Dagster and the expectations."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from shutil import rmtree
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.sources.found import LANDED
from titanic_assets.sources.outcomes import OUTCOMES
from titanic_assets.tables import Table, write_table
from titanic_assets.validation.refusals import RefusedBatches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from expectations.suite import Policy
    from expectations.verdict import Verdict
    from titanic_assets.settings import Settings

PAGE = "validation/report.html"
_DAY = 24 * 60 * 60
# Pictures show the first rows of a table; more would change nothing that an eye can see.
_SHOWN_ROWS = 50_000
_SHOWN_FIELDS = ["survived", "pclass", "sex", "age", "fare", "embarked"]


@dataclass(frozen=True)
class Judged:
    """A validation's outcome; `validated` is only there when the verdict accepts it."""

    verdict: Verdict
    validated: Table
    quarantined: Table
    page: str


def staging(context: dg.AssetExecutionContext, settings: Settings, name: str = "") -> Path:
    """Where a step writes a table before it is complete: beside the values, hidden, its own."""
    name = name or context.asset_key.to_python_identifier()
    folder = settings.places.tables
    remove_left_overs(folder, time.time() - _DAY)
    return folder / f".{name}.{context.run.run_id}.parquet"


def remove_left_overs(folder: Path, before: float) -> None:
    """Remove what killed runs have left unfinished, that is what is hidden; none takes a day."""
    for left_over in folder.glob(".*"):
        with suppress(FileNotFoundError):  # another step has just removed it
            if left_over.stat().st_mtime > before:
                continue
            if left_over.is_dir():
                rmtree(left_over, ignore_errors=True)
            else:
                left_over.unlink()


def policy(settings: Settings) -> Policy:
    """How much the settings let pass."""
    from expectations.suite import Policy

    return Policy(bad_share_limit=settings.bad_share_limit, never_refused=frozenset({OUTCOMES}))


def rules(settings: Settings) -> str:
    """The digest of the expectations in force."""
    from expectations.suite import rules_digest

    return rules_digest(policy(settings))


def judge(context: dg.AssetExecutionContext, raw: Table, settings: Settings) -> Judged:
    """Run the expectations over the raw table and render the page about it."""
    from expectations.report import render_report
    from expectations.validation import validate

    kept = staging(context, settings, "validated_passengers")
    quarantined = staging(context, settings, "quarantined_passengers")
    verdict = validate(raw.batches(), kept, quarantined, policy(settings))
    return Judged(
        verdict, Table(kept), Table(quarantined), render_report(verdict, datetime.now(UTC))
    )


def remember_refusals(judged: Judged, settings: Settings) -> None:
    """Record every refused list that has landed, so that later runs go on without it.

    Its quarantined rows are kept too: those runs replace the quarantine, and it is not in them. A
    configured list is not remembered: training on what is left without it would surprise whoever
    configured it, so every run says that it is refused.
    """
    from titanic_model.schemas import QUARANTINE_SCHEMA

    verdict = judged.verdict
    refused = RefusedBatches.of(settings.places)
    for batch in verdict.refused:
        if not batch.source.startswith(LANDED):
            continue
        rows = _rows_of(batch.digest, judged.quarantined)
        write_table(rows, QUARANTINE_SCHEMA, refused.rows(batch.digest))
        refused.refuse(
            batch.source,
            batch.digest,
            ", ".join(batch.refused_because),
            limit=settings.bad_share_limit,
            rules=verdict.rules_digest,
        )


def _rows_of(digest: str, table: Table) -> Iterator[pa.RecordBatch]:
    """The rows of one list."""
    import pyarrow.compute as pc

    for batch in table.batches():
        yield batch.filter(pc.equal(batch.column("source_digest"), digest))


def picture_missing(table: Table, *, raw: bool = False) -> bytes:
    """How many values each field of the table lacks, over all its rows."""
    from titanic_assets.pictures import missing_values
    from titanic_model.contract import FIELD_NAMES, LABEL, RAW_COLUMNS

    missing = table.missing
    shown = {name: missing[name] for name in (RAW_COLUMNS if raw else (LABEL, *FIELD_NAMES))}
    return missing_values(table.rows, shown)


def picture_before_and_after(raw: Table, validated: Table) -> bytes:
    """The distributions of the main fields, as they came and as they passed."""
    from titanic_assets.pictures import before_and_after

    return before_and_after(_columns(raw), _columns(validated))


def _columns(table: Table) -> dict[str, pd.Series[float] | pd.Series[str]]:
    """The main fields, numbers as numbers even where they came as text."""
    import pandas as pd

    frame = table.head(_SHOWN_ROWS)[_SHOWN_FIELDS]
    texts = {"sex", "embarked"}
    return {
        name: frame[name] if name in texts else pd.to_numeric(frame[name], errors="coerce")
        for name in _SHOWN_FIELDS
    }
