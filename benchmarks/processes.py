"""Costs of a whole process as the operating system accounts for them."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.surroundings import child_environment

_LAUNCHER = Path(__file__).with_name("launcher.py")
_BYTES = 1 if platform.system() == "Darwin" else 1024  # in which a process's peak is counted


class BenchmarkFailed(RuntimeError):
    """A measured command that did not do its work; its figures would mean nothing."""


@dataclass(frozen=True)
class Cost:
    """What one finished process took."""

    wall: float
    cpu: float
    peak_mb: float


def run_costed(arguments: Sequence[str], home: Path, **settings: str) -> tuple[Cost, str]:
    """Run `python ARGUMENTS` under a home, as `make run` would; its cost, and what it printed."""
    environment = child_environment(os.environ, {}, Settings(titanic_home=home)) | settings
    with TemporaryDirectory() as folder:
        costs = Path(folder, "costs")
        launcher = subprocess.Popen(
            [sys.executable, "-IS", _LAUNCHER, costs, sys.executable, *arguments],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            said, complaints = launcher.communicate()
        except BaseException:
            os.killpg(launcher.pid, signal.SIGKILL)
            launcher.wait()
            raise
        if launcher.returncode:
            command = " ".join(arguments)
            raise BenchmarkFailed(f"python {command} failed:\n{complaints[-2000:]}")
        wall, cpu, peak = map(float, costs.read_text(encoding="ascii").split())
    return Cost(wall, cpu, peak * _BYTES / 1e6), said


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure; single runs on shared machines tell little."""
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        peak_mb=median(cost.peak_mb for cost in costs),
    )
