"""The monitor as a process of its own."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx

from tests.service.serving import free_port, wait_until
from titanic_assets.settings import CHECKOUT


@contextmanager
def running(settings):
    """The monitor on that home: a client for it. Asked to end as by Ctrl-C, it does."""
    port = free_port()
    folder = settings.places.home
    with (folder / "monitor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "titanic_assets.monitor"],
            cwd=CHECKOUT,
            env={**os.environ, "TITANIC_HOME": str(folder), "MONITOR_PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_until(lambda: _answers(client), what="the monitor does not answer")
            yield client
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0, (folder / "monitor.log").read_text()
    finally:
        process.kill()
        process.wait()


def _answers(client):
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
