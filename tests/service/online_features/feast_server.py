"""Feast's own feature server as `make run` starts it, to be stopped and started again at will."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from bento_service.http import Refused
from titanic_assets.settings import CHECKOUT

START_WITHIN_SECONDS = 90.0
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, within=START_WITHIN_SECONDS):
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "that takes too long"
        time.sleep(0.02)


def is_usable(run, client):
    """Whether a look-up succeeds."""
    try:
        run(client.lookup([1]))
    except Refused:
        return False
    return True


class FeastServer:
    """One feature server over one home, on a port it keeps."""

    def __init__(self, home, log):
        self.home = home
        self.log = log
        self.port = a_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        settings = {"TITANIC_HOME": str(self.home), "FEATURES_PORT": str(self.port)}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "titanic_assets.stack.feature_server"],
                cwd=CHECKOUT,
                env={**os.environ, **settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self, how=signal.SIGINT, within=5.0):
        self.process.send_signal(how)
        return self.process.wait(within)

    def is_up(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("GET", "/health") == 200
        except OSError:
            return False

    def ask(self, method, path, body=None):
        """The status of its answer."""
        request = urllib.request.Request(  # noqa: S310 - our own server, always http
            self.url + path, body, {"Content-Type": "application/json"}, method=method
        )
        try:
            with _open(request, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
