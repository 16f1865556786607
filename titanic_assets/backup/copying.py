"""Puts files into the archive, each in the way that fits how it is written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from titanic_assets.backup.progress import Step
from titanic_assets.backup.reading import (
    MOMENT_SECONDS,
    is_sqlite,
    settled_copy,
    snapshot,
    whole_lines,
)
from titanic_assets.tracking.locking import held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from titanic_assets.backup.archive import ArchiveWriter

OPEN_SEGMENT = ".open"


@dataclass
class Copying:
    """A home on its way into an archive. A file that is in it already is not put in again."""

    home: Path
    writer: ArchiveWriter
    scratch: Path
    left_out: list[str] = field(default_factory=list)
    step: Step = field(default_factory=lambda: Step(""))

    def files(self, paths: Iterable[Path]) -> None:
        """Files that appear whole by a rename, or only grow; one that is gone by now is gone."""
        for path in paths:
            try:
                with path.open("rb") as file:
                    self._put(file, path, os.fstat(file.fileno()).st_size)
            except FileNotFoundError:
                continue

    def in_place(self, paths: Iterable[Path], settle_seconds: float = MOMENT_SECONDS) -> None:
        """Databases, and files that are written where they are, by people or programs."""
        copy = self.scratch / "copy"
        for path in paths:
            try:
                if is_sqlite(path):
                    snapshot(path, copy)
                elif not settled_copy(path, copy, settle_seconds):
                    self.left_out.append(self._name(path))
                    continue
                with copy.open("rb") as file:
                    self._put(file, path, os.fstat(file.fileno()).st_size)
            except FileNotFoundError:
                continue
            finally:
                copy.unlink(missing_ok=True)

    def segment(self, path: Path) -> None:
        """An open segment of a log, up to its last whole line; in the archive it is closed."""
        closed = path.with_name(path.name.removesuffix(OPEN_SEGMENT))
        try:
            with path.open("rb") as file:
                if size := whole_lines(file):
                    self._put(file, closed, size)
        except FileNotFoundError:
            self.files([closed])

    @contextmanager
    def holding(self, lock: Path) -> Iterator[None]:
        """Copy while nobody else is at work; where there is no such folder, nobody is."""
        if not lock.parent.is_dir():
            yield
            return
        self.step.waiting_for = str(lock)
        with held(lock):
            self.step.waiting_for = ""
            yield

    def _put(self, file: BinaryIO, path: Path, size: int) -> None:
        name = self._name(path)
        if name in self.writer.files:
            return
        found = os.fstat(file.fileno())
        self.writer.add(name, file, size, found.st_mtime, found.st_mode & 0o777)
        self.step.files += 1
        self.step.passed(size)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.home).as_posix()
