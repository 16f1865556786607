"""wrk, which asks again on each connection as soon as it has its answer: all that a server can do.

How long answers take is not for this client to tell: it waits while the server is slow.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cores import CLIENT, children_on
from benchmarks.processes import BenchmarkFailed
from benchmarks.servers import Running

_SCRIPT = Path(__file__).with_name("passengers.lua")
_GRACE_SECONDS = 60


@dataclass(frozen=True)
class Full:
    """What a server did while it was asked without a pause."""

    answered: int
    refused: int
    broken: int
    seconds: float
    cpu: float

    @property
    def a_second(self) -> float:
        """Requests answered with success in a second."""
        return self.answered / self.seconds

    @property
    def microseconds(self) -> float:
        """The server's CPU for each request answered with success."""
        return self.cpu / self.answered * 1e6

    @property
    def on_a_whole_core(self) -> float:
        """Requests that a core could answer in a second if it were never taken for other work."""
        return self.answered / self.cpu


def write_bodies(path: Path, contents: Iterable[Any]) -> Path:
    """The bodies of requests, one a line."""
    path.write_text("".join(json.dumps(content) + "\n" for content in contents))
    return path


def ask_without_pause(
    running: Running, bodies: Path, connections: int, seconds: float, path: str | None = None
) -> Full:
    """Ask on so many connections for so long."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise BenchmarkFailed("wrk, which asks the servers, is missing: sudo apt-get install wrk")
    url = running.url if path is None else f"http://127.0.0.1:{running.port}{path}"
    headers = [f"-H{name}: {value}" for name, value in running.server.headers.items()]
    command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout=30s",
               f"-s{_SCRIPT}", *headers, url, "--", str(bodies)]  # fmt: skip
    before = running.cpu()
    with children_on(CLIENT):
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + _GRACE_SECONDS, check=False
        )
    cpu = running.cpu() - before
    line = next((line for line in done.stdout.splitlines() if line.startswith("counted ")), None)
    if done.returncode or line is None:
        raise BenchmarkFailed(f"wrk at {url}:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    requests, refused, broken, microseconds = map(int, line.split()[1:5])
    full = Full(requests - refused, refused, broken, microseconds / 1e6, cpu)
    if not full.answered:
        raise BenchmarkFailed(f"{running.server.name} answers nothing:\n{running.log()}")
    return full
