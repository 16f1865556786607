"""A folder for what is not finished yet, beside where it is to be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_ROUNDS = 20


@contextmanager
def scratch_in(store: Path) -> Iterator[Path]:
    """An empty folder until the block ends; for whoever holds the store's lock.

    Whoever was killed here before has left files, and perhaps processes that go on working in them.
    """
    folder = store / "unfinished"
    _end_processes(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
