"""MLflow's own server for all tests of a session, as `make run` starts it; it takes seconds."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from titanic_assets.settings import Settings
from titanic_assets.stack.dagster_api import answers
from titanic_assets.stack.surroundings import child_environment

_UP_WITHIN_SECONDS = 60


class MlflowServer:
    """A running server and the home whose store it serves."""

    def __init__(self, settings):
        from titanic_assets.tracking.registry import Registry

        self.settings = settings
        # Around the server, to make a test's versions.
        self.registry = Registry(settings.tracking_uri)
        self.registry.initialise(str(settings.places.mlflow / "artifacts"))
        log = settings.places.home / "mlflow.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "mlflow", "server", "--workers", "1",
                    "--no-serve-artifacts", "--port", str(settings.mlflow_port),
                ],
                env=child_environment(os.environ, {}, settings),
                cwd=settings.places.home,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + _UP_WITHIN_SECONDS
        while not answers(f"{settings.mlflow_api}/health"):
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < until, "MLflow's server does not come up"
            time.sleep(0.1)

    def forget_models(self):
        """No version, no alias, no ledger, nothing published: a test begins."""
        from titanic_assets.tracking.versions import MODEL_NAME

        for left in (self.settings.places.ledger.parent, self.settings.places.releases):
            shutil.rmtree(left, ignore_errors=True)

        client = self.registry.client
        client.delete_registered_model(MODEL_NAME)
        client.create_registered_model(MODEL_NAME)

    def register(self, *digests, **tags):
        """Versions with these digests; returns their numbers."""
        from titanic_assets.tracking.versions import MODEL_NAME

        made = [
            self.registry.client.create_model_version(
                MODEL_NAME, "/nowhere", tags={"digest": digest, **tags}
            )
            for digest in digests
        ]
        return [int(version.version) for version in made]

    def stop(self):
        """End it with its worker."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory):
    """The server. Whoever uses it begins with `forget_models`."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("a home")
    server = MlflowServer(Settings(titanic_home=home, mlflow_port=port))
    yield server
    server.stop()
