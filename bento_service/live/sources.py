"""Where releases come from: a folder on this machine, or one in object storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from titanic_model.published import CURRENT
from titanic_model.release import FILES, METADATA, BrokenRelease, Release, open_release


class ReleaseSource(Protocol):
    """A folder of published releases."""

    shown: str

    def current(self) -> bytes | None:
        """The content of `current.json`; None when there is none. OSError when out of reach."""

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
        place = self.folder / name
        return open_release({file: _bytes(place / file) for file in FILES}, str(place))

    def read_metadata(self, name: str) -> bytes:
        """As it lies there."""
        return _bytes(self.folder / name / METADATA)


class StoredReleases:
    """A folder in object storage, or whatever else fsspec reaches."""

    def __init__(self, uri: str) -> None:
        import fsspec

        self.shown = uri
        # No listing is kept: what was published a second ago has to be seen.
        filesystem, self._root = fsspec.core.url_to_fs(uri, use_listings_cache=False)
        self._files: Any = filesystem

    def current(self) -> bytes | None:
        """What `current.json` says."""
        try:
            return self._bytes(CURRENT)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """The directories that hold a release."""
        found = self._files.glob(f"{self._root}/[0-9]*/{METADATA}")
        return sorted(str(path).split("/")[-2] for path in found)

    def read(self, name: str) -> Release:
        """Read and check."""
        files = {}
        for file in FILES:
            try:
                files[file] = self._bytes(f"{name}/{file}")
            except FileNotFoundError as error:
                raise BrokenRelease(
                    f"{name} in {self.shown} is not a whole release, it has no {file}"
                ) from error
        return open_release(files, f"{self.shown}/{name}")

    def read_metadata(self, name: str) -> bytes:
        """As it lies there."""
        return self._bytes(f"{name}/{METADATA}")

    def _bytes(self, path: str) -> bytes:
        content: bytes = self._files.cat_file(f"{self._root}/{path}")
        return content


def open_source(uri: str) -> ReleaseSource:
    """The folder that a path or a URL names."""
    if uri.startswith("file://"):
        return LocalReleases(Path(uri.removeprefix("file://")))
    if "://" in uri:
        return StoredReleases(uri.rstrip("/"))
    return LocalReleases(Path(uri).expanduser())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BrokenRelease(
            f"{path.parent} is not a whole release, it has no {path.name}"
        ) from error
