"""A folder for what is not finished yet, beside where it is to be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import psutil

_ROUNDS = 20
_ELSEWHERE = "context"


@contextmanager
def scratch_in(store: Path) -> Iterator[Path]:
    """An empty folder until the block ends; for whoever holds the store's lock.

    Whoever was killed here before has left files, and perhaps processes that go on working in them.
    """
    folder = store / "unfinished"
    _end_processes(folder)
    _remove_elsewhere(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def in_plain_sight(scratch: Path) -> Iterator[Path]:
    """An empty folder that BentoML reads from: below one whose name begins with a dot it does not.

    A home is such a one by default. The scratch folder remembers where this one is.
    """
    with TemporaryDirectory(prefix="titanic-bento-", dir=_plain_place()) as folder:
        (scratch / _ELSEWHERE).symlink_to(folder)
        yield Path(folder)


def _plain_place() -> str:
    places = [str(Path(place).resolve()) for place in (gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108 - made with a name of its own, for this user alone
    plain = [place for place in places if "/." not in place and Path(place).is_dir()]
    return plain[0] if plain else places[0]


def _remove_elsewhere(folder: Path) -> None:
    """What one who was killed has left outside of the scratch folder."""
    if (folder / _ELSEWHERE).is_symlink():
        shutil.rmtree((folder / _ELSEWHERE).resolve(), ignore_errors=True)


def _end_processes(folder: Path) -> None:
    """End what has its BentoML home in that folder."""
    if not folder.exists():
        return
    # One that is killed may just have started another.
    for _ in range(_ROUNDS):
        left = [process for process in psutil.process_iter() if _works_in(process, folder)]
        if not left:
            return
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=1)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.environ().get("BENTOML_HOME", "")).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False  # gone, a zombie, or somebody else's
