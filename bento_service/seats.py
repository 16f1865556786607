"""What the workers of one service share: a folder, and in it a seat for each of them.

A worker that takes the place of a dead one takes its seat, and with it its metrics and its part
of the drift window, so that nothing is counted twice or forgotten.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import tempfile
from dataclasses import dataclass
from io import BufferedRandom
from itertools import count
from pathlib import Path

import psutil
from bentoml import server_context

_PREFIX = f"titanic-service-{os.getuid()}"


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
    """The folder of this service's workers, named by the process that started them all.

    BentoML has one for metrics, too, but one and the same for all services of a BENTOML_HOME,
    which each of them empties when it starts.
    """
    in_worker = server_context.worker_index is not None
    starter = psutil.Process(os.getppid() if in_worker else os.getpid())
    everyones = Path(tempfile.gettempdir())
    _remove_those_of_the_dead(everyones)
    folder = everyones / _name(starter)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is somebody else's: remove it, or set TMPDIR")
    return folder


def _name(starter: psutil.Process) -> str:
    return f"{_PREFIX}-{starter.pid}-{starter.create_time():.2f}"


def _remove_those_of_the_dead(everyones: Path) -> None:
    for folder in everyones.glob(f"{_PREFIX}-*"):
        pid = folder.name.removeprefix(f"{_PREFIX}-").partition("-")[0]
        try:
            alive = pid.isdigit() and _name(psutil.Process(int(pid))) == folder.name
        except psutil.Error:
            alive = False
        if not alive:
            shutil.rmtree(folder, ignore_errors=True)


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
