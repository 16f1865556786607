"""`make run` as a process of its own, on a home and ports of its own."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

from titanic_assets.settings import CHECKOUT
from titanic_assets.stack.processes import kill

WORKSPACE = """
load_from:
  - python_module:
      module_name: tests.stack.tiny_graph
      location_name: titanic
"""
# What a shell may have left from other projects.
OF_OTHERS = {
    "BENTOML_HOME": "/of/others",
    "DAGSTER_HOME": "/of/others",
    "MLFLOW_TRACKING_URI": "http://of.others:5000",
    "http_proxy": "http://of.others:3128",
    "HTTPS_PROXY": "http://of.others:3128",
    "PYTHONPATH": "/of/others",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class MakeRun:
    """A home with ports of its own, and what `make run` on it says."""

    def __init__(self, folder):
        self.home = folder / ".titanic"  # hidden, as the default is
        self.workspace = folder / "workspace.yaml"
        self.workspace.write_text(WORKSPACE)
        self.ui_port, self.mlflow_port, self.api_port = free_ports(3)
        self.features_port, self.monitor_port = free_ports(2)

    def environment(self, **settings):
        """Of the stack, and of commands that are given beside it."""
        return {
            **os.environ,
            **OF_OTHERS,
            "TITANIC_HOME": str(self.home),
            "UI_PORT": str(self.ui_port),
            "MLFLOW_PORT": str(self.mlflow_port),
            "API_PORT": str(self.api_port),
            "FEATURES_PORT": str(self.features_port),
            "MONITOR_PORT": str(self.monitor_port),
            **settings,
        }

    @contextmanager
    def started(self, **environment):
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "titanic_assets.stack", "run", "--workspace", self.workspace],
            cwd=CHECKOUT,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield supervisor
        finally:
            supervisor.kill()
            supervisor.wait()
            supervisor.stdout.close()

    def kill_all(self):
        kill(self.home)

    def get(self, port, path, **headers):
        return self.ask(urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers))

    def predict(self, **headers):
        address = f"http://127.0.0.1:{self.api_port}/api/v1/predict"
        content = {"Content-Type": "application/json", **headers}
        body = b'{"pclass": 3, "sex": "male"}'
        return json.loads(self.ask(urllib.request.Request(address, body, content)))

    def answers_with(self, version):
        """Whether that version is live."""
        health = json.loads(self.get(self.api_port, "/api/v1/health"))
        return health["model_version"] == version

    def ask(self, request):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return response.read().decode()


def until(supervisor, words):
    """What is said up to and including the line with these words."""
    said = []
    for line in supervisor.stdout:
        said.append(line)
        if words in line:
            return "".join(said)
    raise AssertionError(f"never said {words!r}:\n{''.join(said)}")
