"""All sources as one raw table: what each contributed, and what was left out and why."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from titanic_assets.sources.fetch import SourceFile, fetch
from titanic_assets.sources.found import FoundSource, find_sources
from titanic_assets.sources.landed import landing_files
from titanic_assets.sources.lists import open_list
from titanic_assets.sources.outcomes import reported_outcomes
from titanic_assets.sources.problems import (
    NothingToRead,
    SourceProblem,
    SourcesFailed,
    UnavailableSource,
    UnreadableSource,
)
from titanic_assets.tables import Table, write_table
from titanic_assets.validation.refusals import RefusedBatches

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from titanic_assets.settings import Settings


@dataclass(frozen=True)
class Batch:
    """One list's part in the raw table."""

    name: str
    uri: str
    digest: str
    landed: bool
    rows: int = 0
    unreadable_lines: int = 0
    ignored_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    skipped: str | None = None


@dataclass(frozen=True)
class RawReport:
    """The raw table and where it came from."""

    table: Table
    batches: tuple[Batch, ...]
    unsettled: tuple[str, ...]

    @property
    def read(self) -> tuple[Batch, ...]:
        """The lists whose rows are in the table."""
        return tuple(batch for batch in self.batches if batch.skipped is None)

    @property
    def skipped(self) -> tuple[Batch, ...]:
        """The lists that were left out, each with its reason."""
        return tuple(batch for batch in self.batches if batch.skipped is not None)

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(batch.rows for batch in self.batches)

    @property
    def fingerprint(self) -> str:
        """One digest for all data in the table, in its order."""
        digests = "\n".join(batch.digest for batch in self.read)
        return hashlib.sha256(digests.encode()).hexdigest()


def read_sources(settings: Settings, path: Path, rules: str) -> RawReport:
    """Read the configured source, what has landed, and outcomes, into the raw table at `path`.

    Left out is what says the same as a list before it, and what was refused under the same limit
    and `rules` (the digest of the expectations). What cannot be read is an error that names it
    all; of landed files it is also remembered, so that the next reading goes without them. A file
    in the landing folder that is still being written waits for the next reading.
    """
    from titanic_model.schemas import RAW_SCHEMA

    landing_folder = settings.places.landing
    try:
        landing = landing_files(landing_folder, settings.landing_settle_seconds, time.time())
    except OSError as error:
        step = "Make it a folder that this user may read."
        cause = f"the landing folder cannot be looked into ({error.strerror})"
        raise UnavailableSource(str(landing_folder), cause, step) from None
    sources = (
        *find_sources(settings.titanic_source, landing.complete),
        *reported_outcomes(settings),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=".fetched-") as folder:
        reading = _Reading(settings.bad_share_limit, rules, RefusedBatches.of(settings.places))
        table = write_table(reading.rows_of(sources, Path(folder)), RAW_SCHEMA, path)
    return RawReport(table, tuple(reading.batches), landing.unsettled)


class _Reading:
    """One pass over all sources, taking notes."""

    def __init__(self, limit: float, rules: str, refused: RefusedBatches) -> None:
        self.limit = limit
        self.rules = rules
        self.refused = refused
        self.batches: list[Batch] = []
        self.problems: list[SourceProblem] = []

    def rows_of(self, sources: tuple[FoundSource, ...], folder: Path) -> Iterator[pa.RecordBatch]:
        """The rows of every list that is to be read; after the last, the problems there were."""
        for source in sources:
            try:
                file = fetch(source, folder)
                if reason := self._reason_to_skip(file):
                    self.batches.append(
                        Batch(file.name, file.uri, file.digest, file.landed, skipped=reason)
                    )
                else:
                    yield from self._read(file)
            except SourceProblem as problem:
                # Go on: whoever mends one list wants to know about all of them.
                self.problems.append(problem)
        if self.problems:
            raise SourcesFailed(self.problems)
        if all(batch.skipped for batch in self.batches):
            reasons = "; ".join(f"{batch.name}: {batch.skipped}" for batch in self.batches)
            step = "Land a list that can be read, or set TITANIC_SOURCE."
            raise NothingToRead("all sources", f"nothing is left to read ({reasons})", step)

    def _reason_to_skip(self, file: SourceFile) -> str | None:
        for batch in self.batches:
            if batch.digest == file.digest and batch.skipped is None:
                return f"it has the same content as {batch.name}"
        if refusal := self.refused.standing(file.digest, self.limit, self.rules):
            return f"refused on {refusal.when:%Y-%m-%d %H:%M} UTC: {refusal.reason}"
        return None

    def _read(self, file: SourceFile) -> Iterator[pa.RecordBatch]:
        rows = unreadable = 0
        try:
            opened = open_list(file)
            for batch in opened.batches:
                rows += len(batch)
                unreadable += len(batch) - batch.column("unreadable").null_count
                yield batch
        except UnreadableSource as problem:
            if file.landed:
                self.refused.refuse(file.name, file.digest, str(problem))
            raise
        header = opened.header
        self.batches.append(
            Batch(
                file.name,
                file.uri,
                file.digest,
                file.landed,
                rows=rows,
                unreadable_lines=unreadable,
                ignored_columns=header.ignored,
                absent_columns=header.absent,
            )
        )
