"""The file that a backup is: a compressed tar, each file's digest taken as it passes.

Writing and reading only; what belongs into it, and what becomes of it, is for others.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from titanic_assets.backup.manifest import MANIFEST, BrokenBackup, FileFacts, Manifest

_CHUNK = 1 << 20
_COMPRESSION = 6  # 9 takes twice the time for a hundredth of the size
_LARGEST_MANIFEST = 1 << 28
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
_DAMAGE = (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile, UnicodeError)


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """A new one at this path."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT, compresslevel=_COMPRESSION) as tar:
        yield ArchiveWriter(tar)


class ArchiveWriter:
    """A backup being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.files: dict[str, FileFacts] = {}
        self._tar = tar

    def add(self, name: str, content: BinaryIO, size: int, changed: float, mode: int) -> None:
        """Put in the first `size` bytes; OSError when there are fewer."""
        digesting = _Digesting(content)
        self._add(name, digesting, size, changed, mode)
        self.files[name] = FileFacts(size, digesting.sha256)

    def close_with(self, manifest: Manifest) -> None:
        """Put the manifest in, with which the backup is whole."""
        text = manifest.to_json()
        self._add(MANIFEST, BytesIO(text), len(text), manifest.made.timestamp(), 0o600)

    def _add(
        self, name: str, content: _Digesting | BytesIO, size: int, changed: float, mode: int
    ) -> None:
        member = tarfile.TarInfo(name)
        # Neither the user nor the group: they are of no use on another machine.
        member.size, member.mtime, member.mode = size, changed, mode
        self._tar.addfile(member, content)


class _Digesting:
    """What is read through it is digested."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self._digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        chunk = self._content.read(size)
        self._digest.update(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        """The digest of what was read so far."""
        return self._digest.hexdigest()


def read_backup(
    path: Path, into: Path | None = None, passed: Callable[[int], None] = lambda _: None
) -> Manifest:
    """Read all of a backup and see that it is what was written; unpack it to a folder if asked.

    `passed` is told how many bytes have been gone through. What is unpacked must not be used
    before this has returned.
    """
    try:
        # Read to its very end: there stands the checksum of it all.
        with gzip.open(path) as unpacked:
            with tarfile.open(fileobj=unpacked, mode="r|") as tar:
                manifest = _read_members(tar, into, passed)
            while unpacked.read(_CHUNK):
                pass
    except _DAMAGE as error:
        raise _broken(path, f"it is torn or damaged, or no backup at all ({error})") from None
    except BrokenBackup as error:
        raise _broken(path, str(error)) from None
    return manifest


def _read_members(
    tar: tarfile.TarFile, into: Path | None, passed: Callable[[int], None]
) -> Manifest:
    found: dict[str, FileFacts] = {}
    folders: set[str] = set()
    for member in tar:
        name = _safe_name(member, found, folders)
        content = tar.extractfile(member)
        if content is None:
            raise BrokenBackup(f"{name!r} in it has no content")
        if name == MANIFEST:
            manifest = _read_manifest(content, member.size)
            if tar.next() is not None:
                raise BrokenBackup(f"something follows its {MANIFEST}")
            _require_same(found, manifest)
            return manifest
        place = into and into / name
        found[name] = _copy(content, place, member, passed)
    raise BrokenBackup(f"it has no {MANIFEST}: it was never finished, or this is something else")


def _safe_name(member: tarfile.TarInfo, found: dict[str, FileFacts], folders: set[str]) -> str:
    """The member's name, if it is a file like those that are written here, below where it is put.

    Whatever else a tar may hold (links, devices, ways out of the folder) was put there by somebody.
    """
    name = member.name
    path = PurePosixPath(name)
    above = {str(folder) for folder in path.parents}
    if (
        member.type not in _PLAIN
        or path.is_absolute()
        or ".." in path.parts
        or "\0" in name
        or str(path) != name
        or name in found
        or name in folders
        or above & found.keys()
    ):
        raise BrokenBackup(f"{name!r} in it is nothing that `make backup` writes")
    folders |= above
    return name


def _copy(
    content: IO[bytes], place: Path | None, member: tarfile.TarInfo, passed: Callable[[int], None]
) -> FileFacts:
    digest = hashlib.sha256()
    target: IO[bytes] | None = None
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        target = place.open("xb")
    try:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            passed(len(chunk))
            if target is not None:
                target.write(chunk)
    finally:
        if target is not None:
            target.close()
    if place is not None:
        _as_it_was(place, member)
    return FileFacts(member.size, digest.hexdigest())


def _as_it_was(place: Path, member: tarfile.TarInfo) -> None:
    place.chmod(member.mode & 0o755 | 0o600)
    os.utime(place, (member.mtime, member.mtime))


def _read_manifest(content: IO[bytes], size: int) -> Manifest:
    if size > _LARGEST_MANIFEST:
        raise BrokenBackup(f"its {MANIFEST} is larger than any that is written")
    return Manifest.from_json(content.read())


def _require_same(found: dict[str, FileFacts], manifest: Manifest) -> None:
    for name in sorted(found.keys() | manifest.files.keys()):
        if name not in found:
            raise BrokenBackup(f"{name!r} is missing in it")
        if name not in manifest.files:
            raise BrokenBackup(f"{name!r} was put into it after it was made")
        if found[name] != manifest.files[name]:
            raise BrokenBackup(f"{name!r} in it is not what was backed up: its digest differs")


def _broken(path: Path, why: str) -> BrokenBackup:
    return BrokenBackup(
        f"{path} cannot be restored: {why}. Nothing was written. Take another backup, or fetch "
        "this one again from where it is kept"
    )
