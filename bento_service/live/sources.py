"""Where releases come from: a folder on this machine, or one in object storage."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from bento_service.shown import shown
from bento_service.storage import folder_of, open_storage
from titanic_model.published import CURRENT, open_published
from titanic_model.release import FILES, METADATA, BrokenRelease, Release


class ReleaseSource(Protocol):
    """A folder of published releases."""

    shown: str

    def current(self) -> bytes | None:
        """The content of `current.json`; None when there is none. Raises when out of reach."""

    def names(self) -> list[str]:
        """The names of all releases there."""

    def read(self, name: str) -> Release:
        """One release, its digests checked."""

    def read_metadata(self, name: str) -> bytes:
        """The metadata of one release as it lies there, unchecked."""


class LocalReleases:
    """A folder on this machine."""

    def __init__(self, folder: Path, shown: str | None = None) -> None:
        self.folder = folder
        self.shown = shown or str(folder)

    def current(self) -> bytes | None:
        """What `current.json` says."""
        try:
            return (self.folder / CURRENT).read_bytes()
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """The directories that hold a release."""
        return sorted(path.parent.name for path in self.folder.glob(f"[0-9]*/{METADATA}"))

    def read(self, name: str) -> Release:
        """Read and check."""
        return _open(self, name)

    def read_metadata(self, name: str) -> bytes:
        """As it lies there."""
        return self.bytes_of(f"{name}/{METADATA}")

    def bytes_of(self, path: str) -> bytes:
        """The content of one file."""
        return (self.folder / path).read_bytes()


class NoReleases:
    """What a service follows that has nothing packed and was told of no folder."""

    shown = "packed"
    _why = "no release is packed into this service, and RELEASES_URI does not name a folder of any"

    def current(self) -> bytes | None:
        """Nothing can be live."""
        raise BrokenRelease(self._why)

    def names(self) -> list[str]:
        """None."""
        return []

    def read(self, name: str) -> Release:  # noqa: ARG002 - a source
        """There is none."""
        raise BrokenRelease(self._why)

    def read_metadata(self, name: str) -> bytes:  # noqa: ARG002 - a source
        """There is none."""
        raise BrokenRelease(self._why)


class StoredReleases:
    """A folder in object storage, or whatever else fsspec reaches."""

    def __init__(self, uri: str) -> None:
        self.shown = shown(uri)
        # No listing is kept: what was published a second ago has to be seen.
        self._files, self._root = open_storage(uri, use_listings_cache=False)

    def current(self) -> bytes | None:
        """What `current.json` says."""
        try:
            return self.bytes_of(CURRENT)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """The directories that hold a release."""
        found = self._files.glob(f"{self._root}/[0-9]*/{METADATA}")
        return sorted(str(path).split("/")[-2] for path in found)

    def read(self, name: str) -> Release:
        """Read and check."""
        return _open(self, name)

    def read_metadata(self, name: str) -> bytes:
        """As it lies there."""
        return self.bytes_of(f"{name}/{METADATA}")

    def bytes_of(self, path: str) -> bytes:
        """The content of one file."""
        content: bytes = self._files.cat_file(f"{self._root}/{path}")
        return content


def open_source(uri: str) -> ReleaseSource:
    """The folder that a path or a URL names."""
    folder = folder_of(uri)
    return StoredReleases(uri.rstrip("/")) if folder is None else LocalReleases(folder)


def _open(source: LocalReleases | StoredReleases, name: str) -> Release:
    files = {}
    for file in FILES:
        try:
            files[file] = source.bytes_of(f"{name}/{file}")
        except FileNotFoundError as error:
            raise BrokenRelease(
                f"{name} in {source.shown} is not a whole release, it has no {file}"
            ) from error
    return open_published(files, name, source.shown)
