"""One stack per home: who has it, said to whoever comes second."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another `make run` has this home."""


class HomeNotWritable(RuntimeError):
    """The folder that everything is to be written under cannot be."""


@contextmanager
def the_only_one(home: Path, ui: str) -> Iterator[None]:
    """Have this home to ourselves until the block ends; the system lets go for a killed holder."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        holder = (home / "running.json").open("a+")
    except OSError as error:
        raise HomeNotWritable(
            f"cannot write under {home} ({error.strerror}); set TITANIC_HOME to a folder that "
            "this user may write to"
        ) from None
    with holder as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(_words(home, file.read())) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "ui": ui}, file)
        file.flush()
        yield


def _words(home: Path, holder: str) -> str:
    # In the moment between its lock and its first line, the other has not said who it is.
    other = json.loads(holder or '{"pid": "unknown", "ui": "starting"}')
    return (
        f"already running on {home} (process {other['pid']}): {other['ui']}\n"
        f"  stop it there with Ctrl-C, or by `kill {other['pid']}`; for a second one beside it, "
        "set TITANIC_HOME and the ports"
    )
