"""What the workers of one service share: a folder, and in it a seat for each of them.

A worker that takes the place of a dead one takes its seat, and with it its metrics and its part
of the drift window, so that nothing is counted twice or forgotten.
"""

from __future__ import annotations

import atexit
import fcntl
import mmap
import os
import shutil
import tempfile
from dataclasses import dataclass
from io import BufferedRandom
from itertools import count
from pathlib import Path

# BentoML makes this folder anew for each service that it starts and tells all of its workers.
_OF_BENTOML = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True)
class Seat:
    """A number that no other living worker of this service has."""

    folder: Path
    number: int
    # The lock lives as long as this is open; the system lets go of it when a worker dies.
    _held: BufferedRandom

    def leave(self) -> None:
        """Give the seat up before the process ends."""
        self._held.close()


def shared_folder() -> Path:
    """The folder of this service's workers."""
    named = os.environ.get(_OF_BENTOML)
    if not named:
        named = os.environ[_OF_BENTOML] = tempfile.mkdtemp(prefix="titanic-service-")
        atexit.register(shutil.rmtree, named, ignore_errors=True)
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def take_seat(folder: Path) -> Seat:
    """Take the first free seat."""
    for number in count():
        held = (folder / f"seat-{number}").open("a+b")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            continue
        return Seat(folder, number, held)
    raise AssertionError  # count() does not end


def shared_file(path: Path, length: int) -> mmap.mmap:
    """A file that workers share in memory: made of zeros, or what those before have left."""
    with path.open("a+b") as file:
        # Written, not just stretched: on a full disk that fails here and now, while the first use
        # of a page that has no place yet would end the process. Two workers at once make it too
        # long, which does no harm.
        if (missing := length - file.tell()) > 0:
            file.write(bytes(missing))
            file.flush()
        return mmap.mmap(file.fileno(), length)
