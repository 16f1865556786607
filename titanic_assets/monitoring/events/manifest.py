"""Which segments were collected, and which files their rows are in: one SQLite database.

It is the truth about the tables. A file that it does not name does not count, and what a segment
came to is entered together with the files that hold it, in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

DATABASE = "collected.db"
Kind = Literal["predictions", "outcomes"]
INFINITE = float("inf")
_BUSY_SECONDS = 60.0

_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, kind TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
    path TEXT NOT NULL, version TEXT NOT NULL, rows INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, PRIMARY KEY (path, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (
    digest TEXT PRIMARY KEY, name TEXT NOT NULL, begun REAL, size INTEGER NOT NULL,
    taken INTEGER NOT NULL, predictions INTEGER NOT NULL, outcomes INTEGER NOT NULL,
    bad INTEGER NOT NULL, collected REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS names (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, digest TEXT NOT NULL, begun REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_by_begun ON names (begun);
"""


class BrokenManifest(RuntimeError):
    """The database is damaged, so nobody knows what was collected."""


@dataclass(frozen=True)
class VersionSpan:
    """How many predictions of a version there are, and from when to when."""

    rows: int
    first: float
    last: float

    def joined(self, other: VersionSpan | None) -> VersionSpan:
        """Both together."""
        if other is None:
            return self
        return VersionSpan(
            self.rows + other.rows, min(self.first, other.first), max(self.last, other.last)
        )


@dataclass(frozen=True)
class EventFile:
    """A Parquet file of the tables; its path is relative to their folder."""

    path: str
    kind: Kind
    rows: int
    bytes: int
    first: float
    last: float


@dataclass(frozen=True)
class CollectedSegment:
    """A file of the log that was read, and what came of it.

    `taken` is how far its whole lines reach: a file that has grown is read on from there.
    """

    digest: str
    name: str
    begun: float | None
    size: int
    taken: int
    predictions: int
    outcomes: int
    bad: int
    collected: float


class Known(NamedTuple):
    """A file as it was when it was read."""

    size: int
    digest: str


@dataclass(frozen=True)
class Totals:
    """What the manifest has altogether."""

    segments: int
    predictions: int
    outcomes: int
    bad_lines: int


class Manifest:
    """The database, opened anew for each question: nobody holds it while files are read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / DATABASE

    def files(
        self, kind: Kind, since: float = -INFINITE, until: float = INFINITE
    ) -> tuple[EventFile, ...]:
        """The files that may have rows between these times, the earliest first."""
        rows = self._ask(
            "SELECT path, kind, rows, bytes, first, last FROM files"
            " WHERE kind = ? AND last >= ? AND first <= ? ORDER BY first, path",
            (kind, since, until),
        )
        return tuple(EventFile(*row) for row in rows)

    def versions(self, since: float, until: float) -> dict[str, dict[str, VersionSpan]]:
        """The spans of each version, by the files that may have rows between these times."""
        found: dict[str, dict[str, VersionSpan]] = {}
        for path, version, *span in self._ask(
            "SELECT path, version, rows, first, last FROM versions"
            " WHERE last >= ? AND first <= ? ORDER BY path, version",
            (since, until),
        ):
            found.setdefault(path, {})[version] = VersionSpan(*span)
        return found

    @property
    def totals(self) -> Totals:
        """Everything that was ever collected."""
        rows = self._ask(
            "SELECT count(*), coalesce(sum(predictions), 0), coalesce(sum(outcomes), 0),"
            " coalesce(sum(bad), 0) FROM segments"
        )
        return Totals(*rows[0]) if rows else Totals(0, 0, 0, 0)

    @property
    def newest_begun(self) -> float | None:
        """When the newest of the collected segments began."""
        rows = self._ask("SELECT max(begun) FROM names")
        return rows[0][0] if rows else None

    def names(self, begun_since: float) -> dict[str, Known]:
        """What was read, by name; without segments that began before."""
        rows = self._ask(
            "SELECT name, size, digest FROM names WHERE begun IS NULL OR begun >= ?",
            (begun_since,),
        )
        return {name: Known(size, digest) for name, size, digest in rows}

    def segment(self, digest: str) -> CollectedSegment | None:
        """What came of the content with this digest, if it was ever read."""
        rows = self._ask(
            "SELECT digest, name, begun, size, taken, predictions, outcomes, bad, collected"
            " FROM segments WHERE digest = ?",
            (digest,),
        )
        return CollectedSegment(*rows[0]) if rows else None

    def enter(
        self,
        files: Iterable[EventFile],
        versions: Iterable[tuple[str, str, VersionSpan]],
        segments: Iterable[CollectedSegment],
        names: Iterable[tuple[str, int, str, float | None]],
    ) -> None:
        """All of it, or nothing: files that hold rows, the segments that these came from."""
        with self._open() as database, database:
            database.executemany(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)",
                [(f.path, f.kind, f.rows, f.bytes, f.first, f.last) for f in files],
            )
            database.executemany(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?)",
                [(path, v, span.rows, span.first, span.last) for path, v, span in versions],
            )
            database.executemany(
                "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [tuple(vars(segment).values()) for segment in segments],
            )
            database.executemany("INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?)", names)

    def _ask(self, question: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The answer; of a database that nobody has made yet, none."""
        if not self._path.exists():
            return []
        with self._open() as database:
            return database.execute(question, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as database:
                database.execute("PRAGMA synchronous=FULL")
                database.executescript(_TABLES)
                yield database
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:  # it is there, and is as it should be
                raise
            raise BrokenManifest(
                f"{self._path.name} in {self._path.parent} cannot be read ({error}): remove that "
                "folder, and it is made again from the prediction log"
            ) from None
