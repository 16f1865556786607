"""One at a time: a lock between processes and threads of one machine, held through a file."""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_LOOK_EVERY_SECONDS = 0.05


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Wait for the lock at `path` and hold it; a killed holder's lock is free at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def held_within(path: Path, seconds: float) -> Iterator[bool]:
    """Wait for the lock at `path` no longer than that; gives whether it is held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    yield False
                    return
                time.sleep(_LOOK_EVERY_SECONDS)
            else:
                yield True
                return
