"""The collected events, read back: batch by batch, never all of them at once.

    store = EventStore.of(settings)
    for batch in store.predictions(["age", "probability"], since=..., outcomes=True):
        ...

Which rows come is exact; their order is that of their times only roughly, because several workers
write the log at once. `newest` is exact in that, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_assets.monitoring.events.manifest import (
    INFINITE,
    EventFile,
    Kind,
    Manifest,
    Totals,
    VersionSpan,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from titanic_assets.monitoring.events.outcomes import OutcomeIndex
    from titanic_assets.settings import Settings

BATCH_ROWS = 50_000
# Clocks of two machines may differ so much: an outcome may look earlier than its prediction.
_CLOCKS_DIFFER_SECONDS = 3600.0


@dataclass(frozen=True)
class EventStore:
    """The tables of events in a folder; one that is not there has none."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> EventStore:
        """Those of a home."""
        return cls(settings.places.events)

    @property
    def totals(self) -> Totals:
        """How much was ever collected."""
        return self._manifest.totals

    def predictions(
        self,
        columns: Sequence[str] | None = None,
        *,
        since: float = -INFINITE,
        until: float = INFINITE,
        version: str | None = None,
        outcomes: bool = False,
        newest_first: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Predictions made from `since` up to `until`, by one version or all of them.

        A version's number begins anew when MLflow is forgotten, so whoever asks for a version also
        says since when it is registered. With `outcomes` there is a column `outcome`: what really
        happened by the caller's first word on that request, null while there was none. With
        `newest_first` files and batches come backwards; rows within a batch do not.
        """
        from titanic_assets.monitoring.events.schema import PREDICTION_SCHEMA

        wanted = list(columns) if columns is not None else PREDICTION_SCHEMA.names
        files = self._predictions_by(version, since, until)
        # Built by the first batch: who asks for none needs none.
        index: OutcomeIndex | None = None
        for file in reversed(files) if newest_first else files:
            for batch in self._rows(
                file, wanted, since, until, version, key=outcomes, backwards=newest_first
            ):
                if outcomes:
                    index = index or self._outcome_index(since)
                    yield _with_outcome(batch, index, wanted)
                else:
                    yield batch

    def newest(
        self,
        count: int,
        columns: Sequence[str] | None = None,
        *,
        since: float = -INFINITE,
        until: float = INFINITE,
        version: str | None = None,
        outcomes: bool = False,
    ) -> pa.Table:
        """The newest so many predictions, the oldest of them first, with their time."""
        import pyarrow as pa

        from titanic_assets.monitoring.events.schema import OUTCOME, PREDICTION_SCHEMA

        wanted = list(columns) if columns is not None else PREDICTION_SCHEMA.names
        wanted = wanted if "time" in wanted else [*wanted, "time"]
        index = self._outcome_index(since) if outcomes else None
        schema = pa.schema([PREDICTION_SCHEMA.field(name) for name in wanted])
        newest = (schema.append(OUTCOME) if outcomes else schema).empty_table()
        files = self._predictions_by(version, since, until)
        for file in sorted(files, key=lambda each: each.last, reverse=True):
            if len(newest) == count and file.last <= newest["time"][0].as_py():
                break
            for batch in self._rows(
                file, wanted, since, until, version, key=outcomes, backwards=True
            ):
                rows = _with_outcome(batch, index, wanted) if index else batch
                both = pa.concat_tables([newest, pa.Table.from_batches([rows])])
                newest = both.sort_by("time")[max(0, len(both) - count) :]
        return newest

    def versions(self, since: float = -INFINITE, until: float = INFINITE) -> dict[str, VersionSpan]:
        """Which versions made predictions between these times: how many, the first, the last."""
        spans: dict[str, VersionSpan] = {}
        versions = self._manifest.versions(since, until)
        for file in self._manifest.files("predictions", since, until):
            for version, span in versions.get(file.path, {}).items():
                if since <= span.first and span.last <= until:
                    spans[version] = span.joined(spans.get(version))
                elif (part := self._part(file, version, since, until)) is not None:
                    spans[version] = part.joined(spans.get(version))
        return dict(sorted(spans.items()))

    def outcomes(
        self, *, since: float = -INFINITE, until: float = INFINITE
    ) -> Iterator[pa.RecordBatch]:
        """What callers reported between these times, each word of theirs."""
        from titanic_assets.monitoring.events.schema import OUTCOME_SCHEMA

        for file in self._manifest.files("outcomes", since, until):
            yield from self._rows(file, OUTCOME_SCHEMA.names, since, until)

    def count_outcomes(self, since: float = -INFINITE, until: float = INFINITE) -> int:
        """How many words callers said between these times."""
        count = 0
        for file in self._manifest.files("outcomes", since, until):
            if since <= file.first and file.last <= until:
                count += file.rows
            else:
                count += sum(len(rows) for rows in self._rows(file, ["time"], since, until))
        return count

    @property
    def _manifest(self) -> Manifest:
        return Manifest(self.folder)

    def _predictions_by(
        self, version: str | None, since: float, until: float
    ) -> tuple[EventFile, ...]:
        """The files that may have what is wanted."""
        kind: Kind = "predictions"
        files = self._manifest.files(kind, since, until)
        if version is None:
            return files
        versions = self._manifest.versions(since, until)
        return tuple(file for file in files if version in versions.get(file.path, {}))

    def _rows(
        self,
        file: EventFile,
        columns: Sequence[str],
        since: float,
        until: float,
        version: str | None = None,
        *,
        key: bool = False,
        backwards: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Those columns of the rows that count, with their key where asked for."""
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        whole = since <= file.first and file.last <= until
        shown = [*columns, *(["key"] if key and "key" not in columns else [])]
        needed = {*shown, *([] if whole else ["time"])}
        needed |= set() if version is None else {"model_version"}
        with pq.ParquetFile(self.folder / file.path, pre_buffer=False) as parquet:
            groups = range(parquet.num_row_groups)
            for group in reversed(groups) if backwards else groups:
                for batch in parquet.iter_batches(
                    BATCH_ROWS, row_groups=[group], columns=list(needed)
                ):
                    rows = batch
                    if not whole:
                        rows = rows.filter(
                            (pc.field("time") >= since) & (pc.field("time") <= until)
                        )
                    if version is not None:
                        rows = rows.filter(pc.equal(rows.column("model_version"), version))
                    if rows.num_rows:
                        yield rows.select(shown)

    def _part(
        self, file: EventFile, version: str, since: float, until: float
    ) -> VersionSpan | None:
        """What a file that reaches beyond these times has of a version between them."""
        import pyarrow.compute as pc

        span: VersionSpan | None = None
        for batch in self._rows(file, ["time"], since, until, version):
            times = pc.min_max(batch.column("time"))
            part = VersionSpan(len(batch), times["min"].as_py(), times["max"].as_py())
            span = part.joined(span)
        return span

    def _outcome_index(self, since: float) -> OutcomeIndex:
        from titanic_assets.monitoring.events.outcomes import OutcomeIndex

        return OutcomeIndex.of(self.outcomes(since=since - _CLOCKS_DIFFER_SECONDS))


def _with_outcome(
    batch: pa.RecordBatch, index: OutcomeIndex, columns: Sequence[str]
) -> pa.RecordBatch:
    from titanic_assets.monitoring.events.schema import OUTCOME

    joined = batch.append_column(OUTCOME, index.look_up(batch.column("key")))
    return joined.select([*columns, OUTCOME.name])
