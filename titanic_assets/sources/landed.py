"""The landing folder: which files in it are passenger lists, and which of those are complete."""

import os
from dataclasses import dataclass
from pathlib import Path

LIST_SUFFIXES = (".csv", ".parquet")


def is_list(name: str) -> bool:
    """Whether a file of this name is a passenger list: CSV or Parquet, neither hidden nor a draft.

    >>> [is_list(name) for name in ("a.csv", "B.CSV", ".a.csv", "~a.csv", "a.csv.part", "a.txt")]
    [True, True, False, False, False, False]
    """
    return name.lower().endswith(LIST_SUFFIXES) and not name.startswith((".", "~"))


@dataclass(frozen=True)
class LandedFile:
    """A complete file in the landing folder, as the folder describes it."""

    path: Path
    size: int
    changed_ns: int

    @property
    def name(self) -> str:
        """Its name in the folder."""
        return self.path.name


@dataclass(frozen=True)
class Landing:
    """What lies in the landing folder: complete lists by arrival, and names of what is not."""

    complete: tuple[LandedFile, ...] = ()
    unsettled: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


def landing_files(folder: Path, settle_seconds: float, now: float) -> Landing:
    """Look at the folder; one that does not exist has nothing in it.

    A list is complete once nothing has touched it for `settle_seconds`. The time that counts is
    the inode's change time: each write sets it, and so does moving a file here, while the time of
    modification comes along with a copy and may lie in the past or the future. Folders inside are
    not looked into. OSError when the folder cannot be read.
    """
    complete: list[LandedFile] = []
    unsettled: list[str] = []
    strangers: list[str] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return Landing()
    for entry in entries:
        if not is_list(entry.name) or not entry.is_file():
            if not entry.name.startswith("."):
                strangers.append(entry.name)
            continue
        try:
            found = entry.stat()
        except FileNotFoundError:  # taken away since the folder was listed
            continue
        if now - found.st_ctime < settle_seconds:
            unsettled.append(entry.name)
        else:
            complete.append(LandedFile(Path(entry.path), found.st_size, found.st_ctime_ns))
    complete.sort(key=lambda file: (file.changed_ns, file.name))
    return Landing(tuple(complete), tuple(unsettled), tuple(strangers))
