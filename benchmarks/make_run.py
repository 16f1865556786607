"""`make run` on a fresh home: how soon the UI answers and the first model is promoted."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import BenchmarkFailed
from benchmarks.results import Figure, Section
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack import processes
from titanic_assets.stack.dagster_api import Webserver
from titanic_assets.tracking.ledger import PromotionLedger

_UI_SECONDS, _MODEL_SECONDS = 20.0, 60.0
_PATIENCE_SECONDS = 300.0
_LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Start:
    """When what was there, in seconds from the start, and how long the end took."""

    ui: float
    model: float
    stop: float


def measure(folder: Path, say: Callable[[str], None]) -> Section:
    """Start it, watch it, stop it."""
    say("make run on a fresh home")
    start = watch(["make", "run"], folder / "home")
    say(
        f"  UI after {start.ui:.1f} s, model after {start.model:.1f} s, ended in {start.stop:.1f} s"
    )
    return Section(
        part="run",
        title="`make run`",
        words=(
            "With packages installed, on a fresh home and free ports, until Dagster's UI answers "
            "over HTTP and until the ledger has a champion; then Ctrl-C, after which no process "
            "of it may be left."
        ),
        figures=(
            Figure("until the UI answers", start.ui, "s", _UI_SECONDS),
            Figure("until the first model is promoted", start.model, "s", _MODEL_SECONDS),
            Figure("until everything has ended after Ctrl-C", start.stop, "s"),
        ),
    )


def watch(command: Sequence[str], home: Path, **environment: str) -> Start:
    """Run a command that brings up the stack under this home, until it has promoted a model."""
    ui_port, mlflow_port = free_ports(2)
    settings = Settings(titanic_home=home, ui_port=ui_port, mlflow_port=mlflow_port)
    log = home.with_suffix(".log")
    with log.open("wb") as output:
        began = time.monotonic()
        stack = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=_environment(settings) | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # As in a terminal, a Ctrl-C reaches make and what it has started, and not us.
            start_new_session=True,
        )
    with ExitStack() as ending:
        ending.callback(processes.kill, settings.places.home)
        ending.callback(stack.wait)
        ending.callback(_signal, stack, signal.SIGKILL)

        def until(there: Callable[[], bool], what: str) -> float:
            while not there():
                waited = time.monotonic() - began
                if stack.poll() is not None or waited > _PATIENCE_SECONDS:
                    told = log.read_text(errors="replace")[-2000:]
                    raise BenchmarkFailed(f"{what} is not there after {waited:.0f} s:\n{told}")
                time.sleep(_LOOK_EVERY_SECONDS)
            return time.monotonic() - began

        ledger = PromotionLedger(settings.places.ledger)
        ui = until(Webserver(f"http://127.0.0.1:{ui_port}").is_up, "the UI")
        model = until(lambda: ledger.last("champion") is not None, "a champion")
        asked = time.monotonic()
        _signal(stack, signal.SIGINT)
        stack.wait(_PATIENCE_SECONDS)
        stop = time.monotonic() - asked
        left = processes.running_under(settings.places.home)
        if left:
            raise BenchmarkFailed(f"after Ctrl-C there are still {left}")
    return Start(ui, model, stop)


def _environment(settings: Settings) -> dict[str, str]:
    """Ours, but for what is set for another home."""
    known = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in known} | {
        "TITANIC_HOME": str(settings.places.home),
        "UI_PORT": str(settings.ui_port),
        "MLFLOW_PORT": str(settings.mlflow_port),
    }


def _signal(stack: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if stack.poll() is None:
        os.killpg(stack.pid, number)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens at."""
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
