"""The demo's stack: `make run` as a process of its own, on the demo's home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack import processes

# Of the lines that tell where everything is, the last.
_READY = "  logs "
_READY_WITHIN_SECONDS = 300.0
_STOPPED_WITHIN_SECONDS = 40.0

# What a person may set for the demo. All else is as it is by default, so that the story is about
# this home alone, and about what the documentation says.
_SETTABLE = {
    "bind_host", "ui_port", "api_port", "mlflow_port", "features_port", "monitor_port",
    "search_trials", "slack_webhook_url", "alert_repeat_hours",
}  # fmt: skip
_OF_THE_SERVICE = (
    "AUTH", "CHALLENGER_MODE", "DRIFT_WINDOW", "FEATURES_URL", "JWKS_URL", "JWT_SECRET",
    "RATE_LIMIT", "RATE_LIMIT_STORAGE", "RELEASES_URI",
)  # fmt: skip
# The log is collected when a segment is closed; nobody wants to watch a minute pass.
_SEGMENT_SECONDS = "2"


class StackEnded(RuntimeError):
    """It is not there any more, or never came up."""


def environment(home: Path, webhook: str) -> dict[str, str]:
    """What is set for the demo and its stack, whatever else was."""
    unset = {name.upper() for name in Settings.model_fields.keys() - _SETTABLE}
    return {
        **dict.fromkeys([*unset, *_OF_THE_SERVICE], ""),
        "TITANIC_HOME": str(home),
        "PREDICTION_LOG_SEGMENT_SECONDS": _SEGMENT_SECONDS,
        "SLACK_WEBHOOK_URL": webhook,
    }


class OwnStack:
    """The running stack, whose lines are shown as it prints them."""

    def __init__(self, home: Path, show: Callable[[str], None]) -> None:
        self._home = home
        self._show = show
        self._ready = Event()
        # A session of its own: a Ctrl-C reaches it through us, when the story has ended.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "titanic_assets.stack", "run"],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def wait_until_ready(self) -> None:
        """Return when the first model answers."""
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not self._ready.wait(0.2):
            self.check()
            if time.monotonic() > deadline:
                raise StackEnded("the stack does not come up in time")

    def check(self) -> None:
        """Raise when it has ended."""
        if self._process.poll() is not None:
            self._reading.join(1)
            raise StackEnded(f"the stack has ended with code {self._process.returncode}")

    def stop(self) -> None:
        """End it as a Ctrl-C does; what does not end by that, by force."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(_STOPPED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            processes.kill(self._home)
            self._process.wait()
        self._reading.join(5)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._show(line.rstrip())
            if line.startswith(_READY):
                self._ready.set()
