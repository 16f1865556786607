"""The folder of published releases, and `current.json` beside them, which names the live ones.

    releases/
      current.json          {"champion": "3-0f1e2d3c4b5a", "challenger": null}
      3-0f1e2d3c4b5a/       a release (titanic_model.release), named by version and digest

Whoever publishes writes here, the service reads, and a bento carries a folder of the same shape.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from titanic_model.release import (
    MANIFEST,
    BrokenRelease,
    Release,
    open_release,
    read_release,
    write_release,
)

CURRENT = "current.json"
_NAME = re.compile(r"[0-9]{1,9}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Current:
    """Which published releases are live, by the names of their directories."""

    champion: str
    challenger: str | None = None

    def to_json(self) -> str:
        """As the text of `current.json`."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Current:
        """Read `current.json`; anything but names of releases is refused."""
        try:
            current = cls(**json.loads(text))
            names = [current.champion, *([current.challenger] if current.challenger else [])]
            well_named = all(map(is_release_name, names))
        except (TypeError, ValueError, RecursionError) as error:
            raise BrokenRelease(f"{CURRENT} does not name what is live: {error}") from error
        if not well_named:
            raise BrokenRelease(f"{CURRENT} names what cannot be a release: {', '.join(names)}")
        return current


def is_release_name(name: str) -> bool:
    """Whether a release can be called so."""
    return _NAME.fullmatch(name) is not None


def release_name(release: Release) -> str:
    """What a release is called where it is published: its version, and what is in it."""
    if not release.metadata.version:
        raise BrokenRelease("a release without a version of the registry cannot be published")
    return f"{release.metadata.version}-{release.digest[:12]}"


def publish_release(release: Release, folder: Path) -> str:
    """Write a release beside the others, unless it is there; returns its name. Not live yet."""
    name = release_name(release)
    write_release(release, folder / name)
    return name


def open_published(files: Mapping[str, bytes], name: str, folder: str) -> Release:
    """The release of that name from the content of its files; it has to be what its name says."""
    release = open_release(files, f"{folder}/{name}")
    named = f"{release.metadata.version}-{hashlib.sha256(files[MANIFEST]).hexdigest()[:12]}"
    if named != name:
        raise BrokenRelease(
            f"{folder}/{name} holds the release {named}, which is another: publish {name} again"
        )
    return release


def write_current(folder: Path, current: Current) -> None:
    """Make these releases the live ones, at once."""
    unfinished = folder / f".{CURRENT}.{uuid4().hex}"
    try:
        unfinished.write_text(current.to_json())
        os.replace(unfinished, folder / CURRENT)
    finally:
        unfinished.unlink(missing_ok=True)


def read_current(folder: Path) -> Current | None:
    """Which releases are live; None when nothing has been published here yet."""
    try:
        return Current.from_json((folder / CURRENT).read_bytes())
    except FileNotFoundError:
        return None


def holds(folder: Path, release: Release) -> bool:
    """Whether this release is the live one there and whole, every byte of it."""
    name = release_name(release)
    try:
        named = read_current(folder) == Current(name)
        return named and read_release(folder / name).digest == release.digest
    except (BrokenRelease, OSError):
        return False
