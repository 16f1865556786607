"""Starts a server for a benchmark, tells what it costs, and ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.cores import SERVER, children_on
from benchmarks.make_run import free_ports
from benchmarks.processes import BenchmarkFailed
from bento_service.settings import Settings as ServiceSettings
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.surroundings import child_environment

_UP_WITHIN_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.01
_DOWN_WITHIN_SECONDS = 20.0
_WORKER = "_bentoml_impl.worker.service"


@dataclass(frozen=True)
class Server:
    """What is to be started, and where it answers. `{port}` in command and settings is a free port.

    It is ready when `ready` answers with 200, or without one as soon as it answers anything.
    """

    name: str
    command: Sequence[str]
    path: str
    settings: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    ready: str | None = None


@dataclass(frozen=True)
class Memory:
    """The memory of one process in MB: all it sees, its fair share, what is its alone."""

    rss: float
    pss: float
    uss: float


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    server: Server
    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    ready_after: float

    @property
    def url(self) -> str:
        """Where it is asked for a prediction."""
        return f"http://127.0.0.1:{self.port}{self.server.path}"

    @property
    def processes(self) -> list[psutil.Process]:
        """All that belongs to it."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    @property
    def worker(self) -> psutil.Process:
        """The process that answers, or the first of several."""
        workers = [each for each in self.processes if _WORKER in " ".join(each.cmdline())]
        return (workers or self.processes)[0]

    def cpu(self) -> float:
        """The seconds of CPU that it has used so far, those of ended children included."""
        return sum(sum(each.cpu_times()[:4]) for each in self.processes)

    def memory(self) -> Memory:
        """That of the process which answers."""
        counted = self.worker.memory_full_info()
        pss = getattr(counted, "pss", float("nan"))  # Linux alone knows it
        return Memory(counted.rss / 1e6, pss / 1e6, counted.uss / 1e6)

    def forget_peak(self) -> None:
        """From now on `peak_mb` is anew the highest."""
        if sys.platform == "linux":
            Path(f"/proc/{self.worker.pid}/clear_refs").write_text("5")

    def peak_mb(self) -> float:
        """The most memory that the process which answers had; Linux alone tells."""
        if sys.platform != "linux":
            return float("nan")
        told = Path(f"/proc/{self.worker.pid}/status").read_text().split()
        return int(told[told.index("VmHWM:") + 1]) / 1000 * 1.024

    def log(self) -> str:
        """The end of what it said."""
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def ask(self, content: Any, path: str | None = None) -> Any:
        """The answer to one request."""
        url = self.url if path is None else f"http://127.0.0.1:{self.port}{path}"
        with httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.post(url, json=content, headers=dict(self.server.headers))
        if answer.status_code != httpx.codes.OK:
            raise BenchmarkFailed(f"{self.server.name} answers {answer.status_code}: {answer.text}")
        return answer.json()


@contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """Start it on the servers' core, wait until it is ready, end it behind the block."""
    folder.mkdir(parents=True)
    (port,) = free_ports(1)
    command = [part.replace("{port}", str(port)) for part in server.command]
    settings = {name: value.replace("{port}", str(port)) for name, value in server.settings.items()}
    with (folder / "log").open("wb") as log, children_on(SERVER):
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=_environment(folder) | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        ready_after = _wait(server, process, port, began, folder)
        yield Running(server, process, port, folder, ready_after)
    finally:
        _end(process)


def uvicorn(app: str, *options: str) -> list[str]:
    """Serve an ASGI application of the peers as quickly as uvicorn can."""
    return [
        sys.executable, "-m", "uvicorn", app, "--port", "{port}", "--loop", "uvloop",
        "--http", "httptools", "--no-access-log", "--log-level", "critical", *options,
    ]  # fmt: skip


def bentoml(python: str | Path, service: str) -> list[str]:
    """Serve a service of BentoML."""
    return [
        str(python), "-m", "bentoml", "serve", service, "--host", "127.0.0.1", "--port", "{port}",
    ]  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    """Ours, but for what is set for other services."""
    around = child_environment(os.environ, {}, Settings(titanic_home=folder))
    of_services = {name.upper() for name in ServiceSettings.model_fields}
    kept = {name: value for name, value in around.items() if name not in of_services}
    (folder / "tmp").mkdir()
    return kept | {"TMPDIR": str(folder / "tmp")}


def _wait(
    server: Server, process: subprocess.Popen[bytes], port: int, began: float, folder: Path
) -> float:
    """Ask until it answers at all; returns the seconds that took."""
    url = f"http://127.0.0.1:{port}{server.ready or '/'}"
    with httpx.Client(trust_env=False, timeout=1) as client:
        while True:
            try:
                answer = client.get(url)
                if server.ready is None or answer.status_code == httpx.codes.OK:
                    return time.monotonic() - began
            except httpx.TransportError:
                pass  # not yet
            waited = time.monotonic() - began
            if process.poll() is not None or waited > _UP_WITHIN_SECONDS:
                said = (folder / "log").read_text(errors="replace")[-2000:]
                raise BenchmarkFailed(
                    f"{server.name} does not answer after {waited:.0f} s:\n{said}"
                )
            time.sleep(_LOOK_EVERY_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_DOWN_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
