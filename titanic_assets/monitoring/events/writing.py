"""Rows into Parquet files by day, in memory for a bounded number of rows, whatever comes.

The files have their final names at once: none counts before the manifest names it, and what it
never came to name is removed by the next collection.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, get_args
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from titanic_assets.monitoring.events.manifest import EventFile, Kind, Manifest, VersionSpan

GROUP_ROWS = 50_000
_DAY_SECONDS = 86_400
# Of events that are strewn over years, so many days are written at the same time.
_MOST_OPEN = 64


@dataclass
class Written:
    """Files that are complete, and which versions' predictions are in them."""

    files: list[EventFile] = field(default_factory=list)
    versions: list[tuple[str, str, VersionSpan]] = field(default_factory=list)


class DayFiles:
    """The files that one collection writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = uuid4().hex
        self._number = 0
        self._open: dict[tuple[Kind, int], _DayFile] = {}
        self._done = Written()
        self.rows = 0

    def add(self, kind: Kind, rows: pa.RecordBatch) -> None:
        """Put these rows into the files of their days."""
        if not rows.num_rows:
            return
        days = (rows.column("time").to_numpy() // _DAY_SECONDS).astype(np.int64)
        found = np.unique(days)
        for day in found.tolist():
            part = rows if len(found) == 1 else rows.filter(pa.array(days == day))
            self._file(kind, day).add(part)
        self.rows += rows.num_rows
        while sum(file.waiting_rows for file in self._open.values()) >= GROUP_ROWS:
            max(self._open.values(), key=lambda file: file.waiting_rows).write()

    def finish(self) -> Written:
        """Complete what was begun, so that it survives the machine; the next rows begin anew."""
        self._close_all()
        done, self._done, self.rows = self._done, Written(), 0
        return done

    def abandon(self) -> None:
        """Remove what was begun and not finished."""
        for file in self._open.values():
            file.abandon()
        for written in self._done.files:
            (self._folder / written.path).unlink(missing_ok=True)
        self._open, self._done, self.rows = {}, Written(), 0

    def _file(self, kind: Kind, day: int) -> _DayFile:
        if (kind, day) not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._close_all()
            self._number += 1
            date = datetime.fromtimestamp(day * _DAY_SECONDS, UTC).date()
            path = f"{kind}/day={date}/{self._name}-{self._number}.parquet"
            self._open[kind, day] = _DayFile(self._folder, path, kind)
        return self._open[kind, day]

    def _close_all(self) -> None:
        for file in self._open.values():
            written, versions = file.close()
            self._done.files.append(written)
            self._done.versions += [(written.path, *each) for each in versions.items()]
        self._open = {}


class _DayFile:
    """One file, row group by row group."""

    def __init__(self, folder: Path, path: str, kind: Kind) -> None:
        self._full = folder / path
        self._path = path
        self._kind: Kind = kind
        self._waiting: list[pa.RecordBatch] = []
        self.waiting_rows = 0
        self._rows = 0
        self._first = float("inf")
        self._last = -float("inf")
        self._versions: dict[str, VersionSpan] = {}
        self._stream: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.RecordBatch) -> None:
        self._waiting.append(rows)
        self.waiting_rows += rows.num_rows

    def write(self) -> None:
        """What is waiting becomes a row group."""
        rows = pa.Table.from_batches(self._waiting)
        if self._writer is None:
            self._full.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._full.open("wb")
            self._writer = pq.ParquetWriter(self._stream, rows.schema, compression="zstd")
        self._writer.write_table(rows, row_group_size=GROUP_ROWS)
        times = pc.min_max(rows["time"])
        self._first = min(self._first, times["min"].as_py())
        self._last = max(self._last, times["max"].as_py())
        self._rows += len(rows)
        if self._kind == "predictions":
            for version, span in _spans(rows).items():
                self._versions[version] = span.joined(self._versions.get(version))
        self._waiting, self.waiting_rows = [], 0

    def close(self) -> tuple[EventFile, dict[str, VersionSpan]]:
        """All of it on the disk, name included."""
        if self._waiting:
            self.write()
        self._end(self._writer, self._stream)
        for folder in (self._full.parent, self._full.parent.parent):
            _sync(folder)
        size = self._full.stat().st_size
        file = EventFile(self._path, self._kind, self._rows, size, self._first, self._last)
        return file, self._versions

    def abandon(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._full.unlink(missing_ok=True)

    def _end(self, writer: pq.ParquetWriter | None, stream: BinaryIO | None) -> None:
        if writer is not None and stream is not None:
            writer.close()
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()


def remove_left_overs(folder: Path) -> int:
    """Remove files that no manifest names: what was not finished when it was broken off."""
    manifest, removed = Manifest(folder), 0
    kind: Kind
    for kind in get_args(Kind):
        named = {file.path for file in manifest.files(kind)}
        for path in (folder / kind).glob("day=*/*.parquet"):
            if path.relative_to(folder).as_posix() not in named:
                path.unlink()
                removed += 1
    return removed


def _spans(rows: pa.Table) -> dict[str, VersionSpan]:
    """How many predictions of each version, from when to when."""
    figures = [("time", "count"), ("time", "min"), ("time", "max")]
    grouped = rows.group_by("model_version").aggregate(figures)
    return {
        each["model_version"]: VersionSpan(each["time_count"], each["time_min"], each["time_max"])
        for each in grouped.to_pylist()
    }


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
