"""What operators do with bentos: by BentoML's own commands, and the same by make."""

import os
import subprocess
import sys

import pytest

from tests.operating.conftest import run
from tests.service.serving import start_service
from titanic_model.golden import TOLERANCE

BENTOS = "titanic_assets.releasing.bentos"


def bentoml(home, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "bentoml", *map(str, arguments)],
        env={**os.environ, "BENTOML_HOME": str(home / "bentoml"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture
def elsewhere(tmp_path):
    """The home of another machine, on which nothing was ever made."""
    return tmp_path / "elsewhere"


def test_the_champions_bento_is_found_and_listed(home):
    found = home.run(BENTOS, "build")

    assert (found.returncode, found.stdout) == (0, f"{home.bento.tag}\n")
    assert home.bento.tag in home.run(BENTOS, "list").stdout
    assert home.bento.tag in bentoml(home.settings.places.home, "list")


def test_a_bento_is_carried_to_another_machine_and_answers_there_as_here(home, elsewhere, tmp_path):
    exported = home.run(BENTOS, "export", f"{tmp_path}/carried/")
    (file,) = tmp_path.glob("carried/*.bento")
    imported = run(elsewhere, BENTOS, "import", file)

    assert home.bento.tag in exported.stdout, exported.stderr
    assert imported.returncode == 0, imported.stderr
    service = start_service(elsewhere, what=home.bento.tag)
    try:
        live = service.client.get("/api/v1/model").json()["champion"]
        answers = [
            (service.predict(**row.passenger).json()["probability"], row.probability)
            for row in home.release.golden
        ]
    finally:
        service.stop()
    assert live["digest"] == home.release.digest
    assert live["provenance"]["mlflow_run_id"] == home.release.metadata.provenance.mlflow_run_id
    assert max(abs(said - expected) for said, expected in answers) <= TOLERANCE + 1e-6


def test_the_same_by_bentomls_own_commands(home, elsewhere, tmp_path):
    file = tmp_path / "carried.bento"
    bentoml(home.settings.places.home, "export", home.bento.tag, file)
    bentoml(elsewhere, "import", file)

    assert home.bento.tag in bentoml(elsewhere, "list")
    assert (elsewhere / "bentoml" / "models" / "titanic_survival" / home.bento.model.name).is_dir()


def test_without_a_live_release_there_is_no_bento_and_it_says_what_makes_one(elsewhere):
    found = run(elsewhere, BENTOS, "build")

    assert found.returncode == 3
    assert "`make run` trains and promotes one" in found.stderr
