"""Bentos of a service as small as can be, built by the real `bentoml build`."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.releasing.releases import PROVENANCE, a_release
from titanic_assets.releasing.bundle import NotBuilt, build_bento
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.processes import kill
from titanic_model.published import Current, publish_release, read_current
from titanic_model.release import MODEL, read_release

SERVICE = """
import bentoml
from bento_service.packing import PackedRelease, packed_release_folder

@bentoml.service(name="titanic_survival")
class TitanicSurvival:
    release = PackedRelease("titanic_survival:live")

    @bentoml.api
    def where(self) -> str:
        return str(packed_release_folder(self.bento_service))
"""


BUILD = """
import sys
from pathlib import Path
from titanic_assets.releasing.bundle import build_bento
from titanic_assets.settings import Settings

build_bento(Path(sys.argv[1]), Settings(titanic_home=sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.fixture
def checkout(tmp_path):
    """The light half of the project with a tiny service on it."""
    folder = tmp_path / "a checkout"
    options = yaml.safe_load((CHECKOUT / "bentofile.yaml").read_text())
    requirements = options["python"]["requirements_txt"]
    light = [name for name in options["include"] if name.startswith("titanic_model/")]
    service = ["bento_service/__init__.py", "bento_service/packing.py"]
    for name in (*light, *service, requirements, "bentofile.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / name)
    (folder / "bento_service" / "service.py").write_text(SERVICE)
    (folder / "bento_service" / "__pycache__").mkdir()
    (folder / "bento_service" / "__pycache__" / "old.pyc").touch()
    return folder


@pytest.fixture
def settings(tmp_path):
    return Settings(titanic_home=tmp_path / "home")


@pytest.fixture
def publish(settings):
    def publish(**release):
        folder = settings.places.releases
        return folder / publish_release(a_release(**{"version": "3", **release}), folder)

    return publish


def in_store(settings):
    return sorted(
        path.relative_to(settings.places.bentoml).as_posix()
        for path in settings.places.bentoml.glob("*/titanic_survival/*")
        if path.is_dir()
    )


def test_a_bento_carries_the_service_and_the_release_it_was_built_for(checkout, settings, publish):
    release = publish()

    bento = build_bento(release, settings, checkout)

    assert not bento.reused
    assert bento.tag == f"titanic_survival:{bento.version}"
    assert bento.version.startswith(f"{release.name}-")
    assert in_store(settings) == [
        f"bentos/titanic_survival/{bento.version}",
        f"models/titanic_survival/{release.name}",
    ]
    assert read_current(bento.model) == Current(release.name)
    assert read_release(bento.model / release.name).digest == read_release(release).digest
    description = yaml.safe_load((bento.folder / "bento.yaml").read_text())
    tags = [model["tag"] for service in description["services"] for model in service["models"]]
    assert tags == [f"titanic_survival:{release.name}"]
    assert description["labels"] == bento.labels
    assert bento.labels["model_version"] == "3"
    assert bento.labels["mlflow_run_id"] == PROVENANCE.mlflow_run_id
    assert bento.labels["data_fingerprint"] == PROVENANCE.data_fingerprint
    assert bento.labels["dagster_run_id"] == PROVENANCE.dagster_run_id
    assert bento.labels["code_revision"] == PROVENANCE.code_revision
    assert bento.labels["release_digest"] == read_release(release).digest
    packed = {path.relative_to(bento.folder / "src") for path in bento.folder.glob("src/*/*")}
    assert Path("bento_service/service.py") in packed
    assert Path("bento_service/__pycache__") not in packed


def test_a_bento_says_nothing_of_the_machine_it_was_built_on(
    checkout, settings, publish, monkeypatch
):
    monkeypatch.setenv("JWT_SECRET", "a secret of 32 bytes or even more")

    bento = build_bento(publish(), settings, checkout)

    for path in (*bento.folder.rglob("*"), *bento.model.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        assert str(settings.places.home).encode() not in content, path
        assert str(CHECKOUT).encode() + b"/" not in content, path
        assert b"a secret of 32" not in content, path


def test_the_same_release_and_the_same_code_are_the_same_bento(checkout, settings, publish):
    release = publish()
    first = build_bento(release, settings, checkout)
    made = (first.folder / "bento.yaml").stat().st_mtime_ns

    again = build_bento(release, settings, checkout)

    assert again.reused
    assert again.tag == first.tag
    assert (again.folder / "bento.yaml").stat().st_mtime_ns == made


def test_other_code_and_another_release_are_other_bentos(checkout, settings, publish):
    release = publish()
    first = build_bento(release, settings, checkout)
    other = build_bento(publish(version="4", bias=-2.0), settings, checkout)
    with (checkout / "bento_service" / "service.py").open("a") as service:
        service.write("# changed\n")

    changed = build_bento(release, settings, checkout)

    assert len({first.tag, other.tag, changed.tag}) == 3
    assert not changed.reused
    assert in_store(settings) == sorted(
        [f"bentos/titanic_survival/{each.version}" for each in (first, other, changed)]
        + [f"models/titanic_survival/{each.model.name}" for each in (first, other)]
    )


@pytest.mark.parametrize("damaged", ["bento.yaml", "src/titanic_model/features.py"])
def test_a_damaged_bento_is_built_again(checkout, settings, publish, damaged):
    release = publish()
    bento = build_bento(release, settings, checkout)
    (bento.folder / damaged).unlink()

    assert not build_bento(release, settings, checkout).reused

    assert (bento.folder / damaged).is_file()
    assert build_bento(release, settings, checkout).reused


def test_a_damaged_model_is_packed_again(checkout, settings, publish):
    release = publish()
    bento = build_bento(release, settings, checkout)
    model = bento.model / release.name / MODEL
    model.write_bytes(model.read_bytes()[:-1])

    assert not build_bento(release, settings, checkout).reused

    assert read_release(model.parent).digest == read_release(release).digest


def test_a_service_that_cannot_be_built_leaves_nothing_and_tells_why(checkout, settings, publish):
    (checkout / "bento_service" / "service.py").write_text("import no_such_module\n")

    with pytest.raises(NotBuilt, match="no_such_module"):
        build_bento(publish(), settings, checkout)

    assert in_store(settings) == []
    assert not (settings.places.bentoml / "unfinished").exists()


def test_a_build_that_was_killed_leaves_no_half_bento(checkout, settings, publish):
    release = publish()
    service = checkout / "bento_service" / "service.py"
    service.write_text(f"import time\ntime.sleep(600)\n{SERVICE}")
    building = subprocess.Popen(
        [sys.executable, "-c", BUILD, release, settings.places.home, checkout],
        cwd=CHECKOUT,
        env=dict(os.environ),
    )
    deadline = time.monotonic() + 60
    while not (settings.places.bentoml / "unfinished" / "home" / "bentos").exists():
        assert building.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    building.send_signal(signal.SIGKILL)
    building.wait()
    kill(settings.places.home)
    assert in_store(settings) == []
    service.write_text(SERVICE)

    assert not build_bento(release, settings, checkout).reused

    assert not (settings.places.bentoml / "unfinished").exists()
