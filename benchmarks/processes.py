"""Costs of a whole process as the operating system accounts for them."""

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

CHECKOUT = Path(__file__).resolve().parent.parent


class BenchmarkFailed(RuntimeError):
    """A measured command that did not do its work; its figures would mean nothing."""


@dataclass(frozen=True)
class Cost:
    """What one finished process took."""

    wall: float
    cpu: float
    peak_mb: float


def run_costed(arguments: list[str], environment: dict[str, str] | None = None) -> Cost:
    """Run `python ARGUMENTS` in the checkout and account for it alone."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    complaints = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = complaints.decode(errors="replace")[-2000:]
        raise BenchmarkFailed(f"python {' '.join(arguments)} failed:\n{tail}")
    unit = 1e6 if platform.system() == "Darwin" else 1e3
    return Cost(
        wall=time.monotonic() - started,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / unit,
    )


def middle(costs: list[Cost]) -> Cost:
    """The median of each figure; single runs on shared machines tell little."""
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        peak_mb=median(cost.peak_mb for cost in costs),
    )
