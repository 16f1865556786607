"""Runs of bundle_job that are killed leave nothing but what is good, and the next one goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.releasing.conftest import Models
from tests.service.serving import CHECKOUT, start_service
from titanic_assets.settings import Settings
from titanic_model.published import CURRENT

STEPS = [
    "copying",
    "building",
    "proving",
    "between_model_and_bento",
    "between_publishing_and_current",
    "waiting_for_the_service",
]


class Home:
    """A home with a champion, and a service that waits for its release."""

    def __init__(self, folder):
        self.folder = folder
        self.places = Settings(titanic_home=folder).places
        self.service = start_service(folder, wait=False, releases_uri=self.places.releases)

    def runs(self, steps):
        return subprocess.Popen(
            [sys.executable, "-m", "tests.graph.killed_runs", *steps],
            cwd=CHECKOUT,
            env={**os.environ, "TITANIC_HOME": str(self.folder), "API_URL": self.service.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def in_store(self, kind):
        return [path.name for path in self.places.bentoml.glob(f"{kind}/titanic_survival/*-*")]

    @property
    def published(self):
        return (self.places.releases / CURRENT).exists()

    def listed(self):
        """What BentoML itself lists."""
        done = subprocess.run(
            [sys.executable, "-m", "bentoml", "list", "--output", "json"],
            env={**os.environ, "BENTOML_HOME": str(self.places.bentoml)},
            capture_output=True,
            text=True,
            check=True,
        )
        return [bento["tag"] for bento in json.loads(done.stdout)]

    def at_work_in_scratch(self):
        """Processes that go on building or serving what is not finished."""
        scratch = str(self.places.bentoml / "unfinished")
        return [each for each in psutil.process_iter() if scratch in home_of(each)]


def home_of(process):
    try:
        return process.environ().get("BENTOML_HOME", "")
    except psutil.Error:
        return ""


@pytest.fixture
def home(tmp_path, fresh_store):
    folder = tmp_path / ".titanic"
    mlflow = folder / "mlflow"
    mlflow.mkdir(parents=True)
    (mlflow / "mlflow.db").write_bytes(fresh_store.read_bytes())
    Models(mlflow).register(-1.0, alias="champion")
    home = Home(folder)
    yield home
    home.service.stop()
    for process in home.at_work_in_scratch():
        process.kill()


def test_a_run_killed_at_any_step_leaves_one_good_bento_to_the_next_or_none(home):
    left = {}
    with home.runs([*STEPS, "none"]) as runs:
        for step in STEPS:
            assert runs.stdout.readline() == f"{step}: -9\n"
            left[step] = (home.in_store("models"), home.in_store("bentos"), home.published)
            if step in ("building", "proving"):
                assert home.at_work_in_scratch()  # whom the next run has to end
            runs.stdin.write("\n")
            runs.stdin.flush()
        assert runs.stdout.readline() == "none: 0\n"
        assert home.service.predict().json()["model_version"] == "1"

        (bento,) = home.in_store("bentos")
        (model,) = home.in_store("models")
        nothing, half, whole = ([], []), ([model], []), ([model], [bento])
        assert left == {
            "copying": (*nothing, False),
            "building": (*nothing, False),
            "proving": (*nothing, False),
            "between_model_and_bento": (*half, False),
            "between_publishing_and_current": (*whole, False),
            "waiting_for_the_service": (*whole, True),
        }
        assert home.listed() == [f"titanic_survival:{bento}"]
        assert not Path(home.places.bentoml / "unfinished").exists()
        assert home.at_work_in_scratch() == []
        runs.stdin.write("\n")
