"""The real service on a free port: `bentoml serve` in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from bento_service.settings import Settings

CHECKOUT = Path(__file__).parents[2]
_SERVE = "bento_service.service:TitanicSurvival"
_UP_WITHIN_SECONDS = 40


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(true, seconds=20.0, what="it did not come true"):
    """Wait for a condition, looking often; returns what made it true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} within {seconds} s")


@dataclass
class Service:
    """A running service. `client` asks it; `log` is what it wrote."""

    url: str
    process: subprocess.Popen
    log_file: Path
    home: Path
    client: httpx.Client = field(init=False)

    def __post_init__(self):
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def log(self):
        return self.log_file.read_text()

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended:\n{self.log[-3000:]}")
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def workers(self):
        """Its worker processes."""
        return [
            process
            for process in psutil.Process(self.process.pid).children(recursive=True)
            if "_bentoml_impl.worker.service" in " ".join(process.cmdline())
        ]

    def predict(self, **changes):
        headers = changes.pop("headers", {})
        passenger = {"pclass": 3, "sex": "male", **changes}
        return self.client.post("/api/v1/predict", json=passenger, headers=headers)

    def metrics(self):
        """The values of /metrics by their names with labels."""
        lines = self.client.get("/metrics").text.splitlines()
        return {
            name: float(value)
            for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        }

    def stop(self):
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def start_service(home, *, wait=True, what=_SERVE, python=sys.executable, port=None, **settings):
    """Start `bentoml serve` with these settings (`challenger_mode="shadow"`)."""
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    known = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in known}
    environment |= {
        "BENTOML_HOME": str(home / "bentoml"),
        "TITANIC_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        **{name.upper(): str(value) for name, value in settings.items()},
    }
    log = home / f"service-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", "bentoml", "serve", what, "--host", "127.0.0.1", "--port", str(port)],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = Service(f"http://127.0.0.1:{port}", process, log, home)
    if wait:
        try:
            wait_until(service.ready, _UP_WITHIN_SECONDS, "the service was not ready")
        except BaseException:
            service.stop()
            raise
    return service
