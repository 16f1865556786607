"""Starting processes, noticing that one has died, and leaving none behind."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from titanic_assets.settings import CHECKOUT
from titanic_assets.stack.surroundings import MARK

_PATIENCE_SECONDS = 10.0
_LAST_LINES = 15
_ROUNDS = 20


@dataclass(frozen=True)
class Child:
    """A process of ours, with the file that it writes its log to."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def require_alive(self) -> None:
        """Raise with the end of its log when it is gone."""
        code = self.process.poll()
        if code is not None:
            raise ChildDied(f"{self.name} ended {_how(code)}.\n{last_lines(self.log)}")


class ChildDied(RuntimeError):
    """A process that should be running is not."""


def start(
    name: str, command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path
) -> Child:
    """Start a process in a session of its own, so that a Ctrl-C reaches it only through us."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
    return Child(name, log, process)


def stop(home: Path, children: Iterable[Child]) -> None:
    """End everything of this home: the way a Ctrl-C would first, by force after ten seconds."""
    for child in children:
        if child.process.poll() is None:
            os.killpg(child.process.pid, signal.SIGINT)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while running_under(home) and time.monotonic() < deadline:
        for child in children:
            child.process.poll()
        time.sleep(0.1)
    kill(home)
    for child in children:
        child.process.wait()


def kill(home: Path) -> int:
    """End everything of this home by force; returns how many processes that were."""
    killed: set[int] = set()
    # One that is killed may just have started another.
    for _ in range(_ROUNDS):
        processes = running_under(home)
        if not processes:
            break
        for process in processes:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
            killed.add(process.pid)
        psutil.wait_procs(processes, timeout=1)
    return len(killed)


def running_under(home: Path) -> list[psutil.Process]:
    """All processes of this home except this one, orphans included."""
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _home_of(process) == str(home)
    ]


def last_lines(log: Path) -> str:
    """The end of a log, for a person to see what went wrong."""
    lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    shown = log.relative_to(CHECKOUT) if log.is_relative_to(CHECKOUT) else log
    return "\n".join([f"The end of {shown}:", *(f"  {line}" for line in lines)])


def _home_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None  # gone, a zombie, or somebody else's


def _how(code: int) -> str:
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
