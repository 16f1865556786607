"""A source as a file on this machine with the digest of its content.

A local file stays where it is. What lies on object storage is downloaded and a table is copied
into a Parquet file, so that the bytes that are read are the very bytes that the digest describes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from uuid import uuid4

from titanic_assets.sources.addresses import is_table, shown
from titanic_assets.sources.database import copy_table
from titanic_assets.sources.digests import content_digest, identify
from titanic_assets.sources.found import FoundSource, open_filesystem, unreachable
from titanic_assets.sources.problems import (
    ChangedWhileRead,
    UnavailableSource,
)


@dataclass(frozen=True)
class SourceFile:
    """A list ready to be read: its name and address for people, its content by digest."""

    name: str
    uri: str
    digest: str
    size: int
    modified: datetime
    landed: bool
    path: Path
    copied: bool  # what is a copy of ours changes in nobody else's hands

    @property
    def is_parquet(self) -> bool:
        """Whether to read it as Parquet; otherwise it is CSV."""
        return self.path.suffix.lower() == ".parquet"


def fetch(source: FoundSource, folder: Path) -> SourceFile:
    """Bring a source here; copies of what is elsewhere go into `folder`."""
    if is_table(source.address):
        path = folder / f"{uuid4().hex}.parquet"
        digest = copy_table(source.address, path)
        return _source_file(source, path, digest, copied=True)
    if source.local is None:
        path = _download(source.address, folder)
        return _source_file(source, path, content_digest(path), copied=True)
    try:
        if source.is_replaced:
            path = folder / f"{uuid4().hex}{source.local.suffix}"
            copyfile(source.local, path)
            return _source_file(source, path, content_digest(path), copied=True)
        return _source_file(source, source.local, identify(source.local), copied=False)
    except FileNotFoundError:
        raise _vanished(source.name) from None


def check_unchanged(file: SourceFile) -> None:
    """Raise if a file is no longer what its digest says."""
    if file.copied:
        return
    try:
        same = identify(file.path) == file.digest
    except FileNotFoundError:
        raise _vanished(file.name) from None
    if not same:
        step = "Run again when it is complete; better still, write elsewhere and move it there."
        raise ChangedWhileRead(file.name, "somebody wrote to it while it was read", step)


def _source_file(source: FoundSource, path: Path, digest: str, *, copied: bool) -> SourceFile:
    found = path.stat()
    return SourceFile(
        name=source.name,
        uri=source.uri,
        digest=digest,
        size=found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
        landed=source.landed,
        path=path,
        copied=copied,
    )


def _download(address: str, folder: Path) -> Path:
    """Copy an object here, whole and from one version of it."""
    filesystem, remote = open_filesystem(address)
    path = folder / f"{uuid4().hex}{Path(remote).suffix}"
    try:
        before = filesystem.info(remote)
        filesystem.get_file(remote, str(path))
        filesystem.invalidate_cache()
        after = filesystem.info(remote)
    except Exception as error:  # noqa: BLE001 - each file system has exceptions of its own
        raise unreachable(address, error) from None
    if before != after:
        step = "Run again when the upload is done."
        raise ChangedWhileRead(shown(address), "it was replaced while it was downloaded", step)
    return path


def _vanished(name: str) -> UnavailableSource:
    return UnavailableSource(name, "the file is gone", "Run again; what is left will be read.")
