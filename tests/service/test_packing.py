"""A bento carries one exact release and all that serving it needs, and nothing else."""

import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import yaml

from bento_service.packing import MODEL_NAME, NothingToPack, pack, packed_release_folder
from tests.releasing.releases import a_release
from titanic_model.places import Places
from titanic_model.published import (
    Current,
    publish_release,
    read_current,
    release_name,
    write_current,
)
from titanic_model.release import MODEL, read_release

CHECKOUT = Path(__file__).parents[2]
FORBIDDEN = ("dagster", "feast", "mlflow", "pandas", "pyarrow", "scipy", "sklearn")
OPTIONS = yaml.safe_load((CHECKOUT / "bentofile.yaml").read_text())
PASSENGER = {"pclass": 1, "sex": "female"}


def bentoml(bin_folder, *arguments, folder=CHECKOUT, **environment):
    return subprocess.run(
        [bin_folder / "bentoml", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def serving(bin_folder, what, folder, **environment):
    """The address of a service that is ready; its log if it never is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "serving.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [bin_folder / "bentoml", "serve", what, "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    try:
        while not answers(f"{url}/readyz"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def answers(url):
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def prediction(url):
    return httpx.post(f"{url}/api/v1/predict", json=PASSENGER, trust_env=False).json()


@pytest.fixture(scope="module")
def here():
    """The programs of the environment that builds."""
    return Path(sys.executable).parent


@pytest.fixture(scope="module")
def lean(tmp_path_factory):
    """The programs of an environment with the serving lock alone, made as the project makes it."""
    folder = tmp_path_factory.mktemp("lean")
    shutil.copytree(CHECKOUT / "requirements", folder / "requirements")
    subprocess.run(
        [sys.executable, folder / "requirements" / "install.py", "serving"], check=True, cwd=folder
    )
    return folder / ".venv" / "bin"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a live release, version 7."""
    folder = tmp_path_factory.mktemp("home")
    releases = Places(folder).releases
    write_current(releases, Current(publish_release(a_release("7"), releases)))
    return folder


@pytest.fixture(scope="module")
def built(here, home):
    """The bento of the live release, built by hand in the checkout."""
    done = bentoml(
        here, "build", "--version", "by-hand", TITANIC_HOME=home, BENTOML_HOME=home / "bentoml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "bentoml" / "bentos" / "titanic_survival" / "by-hand"


@pytest.fixture
def store(tmp_path):
    models, scratch = tmp_path / "models", tmp_path / "tmp"
    scratch.mkdir()
    return models, scratch


def test_a_release_is_packed_once_and_as_a_folder_of_releases(store):
    release = a_release("7")

    folder = pack(release, *store)
    made = (folder / "model.yaml").stat().st_mtime_ns

    assert folder == store[0] / MODEL_NAME / release_name(release)
    assert read_current(folder) == Current(folder.name)
    assert read_release(folder / folder.name).digest == release.digest
    assert pack(release, *store) == folder
    assert (folder / "model.yaml").stat().st_mtime_ns == made
    assert list(store[1].iterdir()) == []


@pytest.mark.parametrize("damaged", ["current.json", "model.yaml", MODEL])
def test_a_damaged_model_is_made_anew(store, damaged):
    release = a_release("7")
    folder = pack(release, *store)
    path = folder / folder.name / MODEL if damaged == MODEL else folder / damaged
    path.unlink()

    pack(release, *store)

    assert path.is_file()
    assert read_release(folder / folder.name).digest == release.digest


def test_without_a_bento_the_live_folder_of_the_home_is_served(tmp_path, monkeypatch):
    service = SimpleNamespace(bento=None)
    monkeypatch.setenv("TITANIC_HOME", str(tmp_path))
    releases = Places(tmp_path).releases

    assert packed_release_folder(service) is None

    write_current(releases, Current(publish_release(a_release("7"), releases)))
    assert packed_release_folder(service) == releases


def test_a_bento_without_its_model_is_told_apart_from_one_without_a_release(tmp_path):
    from bentoml import Tag

    bento = SimpleNamespace(
        tag="titanic_survival:7",
        path_of=lambda name: str(tmp_path / name),
        info=SimpleNamespace(all_models=[SimpleNamespace(tag=Tag(MODEL_NAME, "7-0123456789ab"))]),
    )

    with pytest.raises(NothingToPack, match="neither in it nor in"):
        packed_release_folder(SimpleNamespace(bento=bento))


def test_without_a_live_release_the_build_fails_and_names_make_run(here, tmp_path):
    done = bentoml(here, "build", TITANIC_HOME=tmp_path, BENTOML_HOME=tmp_path / "bentoml")

    assert done.returncode != 0
    assert "no release is live" in done.stderr
    assert "`make run`" in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_the_service_writes_nothing_and_needs_no_release(tmp_path):
    subprocess.run(
        [sys.executable, "-c", "import bento_service.service"],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "BENTOML_HOME": str(tmp_path / "bentoml"),
            "TITANIC_HOME": str(tmp_path / "home"),
        },
        check=True,
    )

    # BentoML itself makes the folders of its store, empty ones.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "home").exists()


def test_the_bentofile_names_what_the_service_imports_of_titanic_model():
    every_module = (
        "import importlib, pkgutil, sys, bento_service\n"
        "for each in pkgutil.walk_packages(bento_service.__path__, 'bento_service.'):\n"
        "    importlib.import_module(each.name)\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'titanic_model'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", every_module],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )

    imported = {Path(path).relative_to(CHECKOUT).as_posix() for path in done.stdout.split()}
    assert [name for name in OPTIONS["include"] if name != "bento_service/**/*"] == sorted(imported)


def test_a_bento_is_pinned_to_the_release_that_was_live_when_it_was_built(built, home):
    live = read_current(Places(home).releases)

    description = yaml.safe_load((built / "bento.yaml").read_text())

    tags = [model["tag"] for service in description["services"] for model in service["models"]]
    assert tags == [f"{MODEL_NAME}:{live.champion}"]
    packed = {path.relative_to(built / "src").parts[0] for path in built.glob("src/*")}
    assert packed == {"bento_service", "bentofile.yaml", "titanic_model"}


def test_a_release_can_be_named_instead(here, home, tmp_path):
    other = tmp_path / publish_release(a_release("8", bias=-2.0), tmp_path)
    done = bentoml(
        here, "build", "--version", "named", "--arg", f"release={other}",
        TITANIC_HOME=home, BENTOML_HOME=tmp_path / "bentoml",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (model,) = (tmp_path / "bentoml" / "models" / MODEL_NAME).glob("*-*")
    assert model.name == other.name


def test_the_image_is_lean_and_has_the_locked_packages(built):
    recipe = (built / "env" / "docker" / "Dockerfile").read_text()
    packages = (built / "env" / "python" / "requirements.txt").read_text()

    assert "FROM python:3.11-slim" in recipe
    assert "apt-get" not in recipe
    assert "ORT_DISABLE_TELEMETRY=1" in recipe
    assert "--hash=sha256:" in packages
    assert not [name for name in FORBIDDEN if f"\n{name}==" in packages]


def test_the_serving_environment_has_what_it_needs_and_nothing_of_the_graph(lean, tmp_path):
    tried = (
        "import importlib.util, sys\n"
        "print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))"
    )
    found = subprocess.run(
        [lean / "python", "-c", tried, *FORBIDDEN, "numpy"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    )

    assert found.stdout.split() == ["numpy"]


def test_a_bento_serves_its_release_where_there_is_nothing_else(lean, built, home, tmp_path):
    live = read_current(Places(home).releases)

    tag = f"titanic_survival:{built.name}"
    with serving(lean, tag, tmp_path, BENTOML_HOME=home / "bentoml") as url:
        assert prediction(url)["model_version"] == "7"
        model = httpx.get(f"{url}/api/v1/model", trust_env=False).json()

    assert model["source"] == "packed"
    assert model["champion"]["name"] == live.champion


def test_an_exported_bento_has_its_release_within(lean, here, built, home, tmp_path):
    exported = tmp_path / "exported.bento"
    tag = f"titanic_survival:{built.name}"
    done = bentoml(here, "export", tag, exported, BENTOML_HOME=home / "bentoml")
    assert done.returncode == 0, done.stderr
    bento = tmp_path / "bento"
    with tarfile.open(exported) as archive:
        archive.extractall(bento, filter="data")

    with serving(lean, str(bento), tmp_path, BENTOML_HOME=tmp_path / "empty") as url:
        assert prediction(url)["model_version"] == "7"


def test_the_checkout_serves_what_is_live_without_a_bento(here, home, tmp_path):
    with serving(
        here,
        "bento_service.service:TitanicSurvival",
        tmp_path,
        PYTHONPATH=str(CHECKOUT),
        TITANIC_HOME=home,
        BENTOML_HOME=tmp_path / "bentoml",
    ) as url:
        assert prediction(url)["model_version"] == "7"
