"""Which sources there are: the configured one first, then what has landed, by arrival.

A folder stands for all CSV and Parquet files in it and in its subfolders, by name; what is hidden
or a draft does not count. Nothing is opened here, and nothing is ever moved or deleted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from titanic_assets.sources.addresses import is_table, shown, without_secrets
from titanic_assets.sources.landed import LandedFile, is_list
from titanic_assets.sources.problems import UnavailableSource, UnknownSource

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGED = "packaged"
# Names of landed lists begin with this.
LANDED = "landing/"
VALID = (
    "TITANIC_SOURCE is `packaged`, the path of a CSV or Parquet file or of a folder, a URL such as "
    "s3://bucket/lists/, or a table as sqlite:///file.db#table or postgresql://host/database#table"
)


@dataclass(frozen=True)
class FoundSource:
    """A list that can be read: what it is called, where it is, and what opens it."""

    name: str
    uri: str
    landed: bool = False
    address: str = field(default="", repr=False)  # may carry credentials: never shown
    is_replaced: bool = False  # by another run at any time, so a copy of it is read

    @property
    def local(self) -> Path | None:
        """Its path, if it is a file on this machine."""
        return None if "://" in self.address else Path(self.address)


def find_sources(titanic_source: str, landed: Iterable[LandedFile]) -> tuple[FoundSource, ...]:
    """Every list that the setting and the landing folder amount to, in the order of reading."""
    return (
        *_configured(titanic_source),
        *(
            FoundSource(
                name=f"{LANDED}{file.name}",
                uri=str(file.path),
                landed=True,
                address=str(file.path),
            )
            for file in landed
        ),
    )


def _configured(setting: str) -> tuple[FoundSource, ...]:
    if setting == PACKAGED:
        from titanic_model.schemas import PACKAGED_LIST

        return (_local_file(PACKAGED_LIST, PACKAGED_LIST.name),)
    if is_table(setting):
        return (FoundSource(name=shown(setting), uri=shown(setting), address=setting),)
    if setting.startswith("file://"):
        setting = setting.removeprefix("file://")
    if "://" in setting:
        return _remote(setting)
    return _local(Path(setting).expanduser())


def _local(path: Path) -> tuple[FoundSource, ...]:
    """One file, or every list under a folder."""
    if path.is_file():
        if not is_list(path.name):
            raise _not_a_list(path.name)
        return (_local_file(path, path.name),)
    if not path.is_dir():
        raise UnknownSource(str(path), "there is no such file or folder", f"{VALID}.")
    found: list[str] = []

    def stop(error: OSError) -> None:
        cause = f"cannot look into {error.filename}: {error.strerror}"
        raise UnavailableSource(str(path), cause, "Let this user read it, or name another folder.")

    for folder, subfolders, names in os.walk(path, onerror=stop, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [str((Path(folder) / name).relative_to(path)) for name in names if is_list(name)]
    if not found:
        raise _empty_folder(str(path))
    return tuple(_local_file(path / name, name) for name in sorted(found))


def _local_file(path: Path, name: str) -> FoundSource:
    return FoundSource(name=name, uri=str(path), address=str(path))


def _remote(address: str) -> tuple[FoundSource, ...]:
    """One object, or every list under a prefix, wherever fsspec reaches."""
    filesystem, path = open_filesystem(address)
    try:
        is_folder = filesystem.info(path)["type"] == "directory"
        keys = filesystem.find(path) if is_folder else []
    except Exception as error:  # noqa: BLE001 - each file system has exceptions of its own
        raise unreachable(address, error) from None
    if not is_folder:
        name = PurePosixPath(path).name
        if not is_list(name):
            raise _not_a_list(shown(address))
        return (FoundSource(name, shown(address), address=address),)
    paths = [PurePosixPath(key).relative_to(path) for key in keys]
    names = [
        str(each)
        for each in paths
        if is_list(each.name) and not any(part.startswith(".") for part in each.parts)
    ]
    if not names:
        raise _empty_folder(shown(address))
    folder = address.rstrip("/")
    return tuple(
        FoundSource(name, f"{shown(folder)}/{name}", address=f"{folder}/{name}")
        for name in sorted(names)
    )


def open_filesystem(address: str) -> tuple[Any, str]:
    """The file system behind a URL, with a fresh view of it, and the path in there."""
    import fsspec

    scheme = address.partition("://")[0]
    try:
        filesystem, path = fsspec.url_to_fs(address, skip_instance_cache=True)
    except ValueError:
        raise UnknownSource(
            shown(address), f"no storage is called {scheme}://", f"{VALID}."
        ) from None
    except ImportError as error:
        step = f"Install what reads {scheme}:// ({error})."
        raise UnknownSource(shown(address), "its driver is not installed", step) from None
    except Exception as error:  # noqa: BLE001 - each file system has exceptions of its own
        raise unreachable(address, error) from None
    return filesystem, path


def unreachable(address: str, error: Exception) -> UnavailableSource:
    """What a storage's own exception means to the person who set the address."""
    where = shown(address)
    if isinstance(error, FileNotFoundError):
        step = "Look at the bucket's or folder's name, and whether it has been moved."
        return UnavailableSource(where, "there is no such bucket, folder or file", step)
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        step = (
            "Give credentials that may list and read it (for S3: AWS_ACCESS_KEY_ID and the like)."
        )
        return UnavailableSource(where, "access is denied", step)
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    text = without_secrets(reason, address)
    step = "Look whether the storage is up and the endpoint right (for S3: AWS_ENDPOINT_URL)."
    return UnavailableSource(where, f"the storage cannot be read ({text})", step)


def _not_a_list(name: str) -> UnknownSource:
    step = "Save the list as .csv or .parquet."
    return UnknownSource(name, "this is neither a CSV nor a Parquet file", step)


def _empty_folder(name: str) -> UnavailableSource:
    step = "Put a list there, or name another folder; hidden files and drafts do not count."
    return UnavailableSource(name, "there is no CSV or Parquet file in this folder", step)
