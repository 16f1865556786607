"""The image: really built, really run as production would run it, asked, and stopped."""

import json
import re
from dataclasses import replace

import dagster as dg
import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.operating.conftest import materialise
from tests.service.releases import of_version
from titanic_assets.releasing.image import LARGEST_MB, SBOM
from titanic_assets.releasing.image.kept import HomeImages, sbom_of
from titanic_assets.releasing.image.stored import NoBento, stored_bento
from titanic_assets.releasing.image.trial import (
    TrialFailed,
    ask,
    running,
    stop_while_asked,
    wait_until_ready,
)
from titanic_assets.settings import CHECKOUT
from titanic_model.golden import TOLERANCE

IMAGE = "titanic_assets.releasing.image"


@pytest.fixture(scope="module")
def container(image, engine):
    """One that goes on running."""
    with running(image.tag, engine) as container:
        wait_until_ready(container)
        yield container


@pytest.fixture(scope="module")
def inside(container, engine):
    """What a program says inside of the running container."""

    def inside(*command):
        return engine.run("exec", container.name, *command)

    return inside


@pytest.fixture(scope="module")
def sbom(image):
    return json.loads(image.sbom.read_bytes())


def test_the_image_is_small_and_the_asset_says_so(image, home, engine):
    found = engine.image(image.tag)

    assert image.check.passed, image.check.description
    assert found.megabytes <= LARGEST_MB
    assert f"{found.megabytes:.0f} MB" in image.check.description
    assert image.shown["tag"] == home.bento.tag
    assert image.shown["id"] == found.id
    # Nothing that is not finished is left under a name.
    assert engine.image(f"{image.tag}-installed") is None
    assert engine.image(f"{image.tag}-slim") is None


def test_the_image_is_labelled_with_what_it_was_made_of(image, home, engine):
    labels = engine.image(image.tag).labels
    provenance = home.release.metadata.provenance

    assert labels["org.opencontainers.image.version"] == home.bento.version
    assert labels["org.opencontainers.image.revision"] == home.bento.labels["service_revision"]
    assert labels["org.opencontainers.image.title"] == "Titanic survival"
    assert "survival" in labels["org.opencontainers.image.description"].lower()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", labels["org.opencontainers.image.created"]
    )
    assert labels["titanic.model_version"] == "1"
    assert labels["titanic.release_digest"] == home.release.digest
    assert labels["titanic.mlflow_run_id"] == provenance.mlflow_run_id
    assert labels["titanic.dagster_run_id"] == provenance.dagster_run_id
    assert labels["titanic.data_fingerprint"] == provenance.data_fingerprint


def test_the_bill_of_materials_is_valid_and_the_same_within_beside_and_in_mlflow(
    image, home, inside, sbom
):
    text = json.dumps(sbom)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert json.loads(inside("cat", SBOM)) == sbom
    folder = home.settings.places.mlflow / "artifacts"
    run = home.release.metadata.provenance.mlflow_run_id
    (kept,) = folder.glob(f"{run}/**/{home.bento.version}.cdx.json")
    assert json.loads(kept.read_bytes()) == sbom
    assert f"/runs/{run}/artifacts/image/" in image.shown["bill of materials in MLflow"]


def test_the_bill_of_materials_lists_what_is_really_there(inside, sbom, home):
    listed = {c["purl"].partition("?")[0] for c in sbom["components"] if "purl" in c}
    script = (
        "from pathlib import Path; import sys\n"
        "for root in (p for p in sys.path if p.endswith('-packages')):\n"
        "    for info in Path(root).glob('*.dist-info'): print(info.stem)"
    )
    installed = {
        re.sub(r"[-_.]+", "-", name).lower() for name in inside("python", "-c", script).splitlines()
    }
    of_python = {
        re.sub(r"[-_.]+", "-", purl.removeprefix("pkg:pypi/").replace("@", "-")).lower()
        for purl in listed
        if purl.startswith("pkg:pypi/")
    }
    assert len(installed) > 80
    assert installed <= of_python
    debian = inside("dpkg-query", "--show", "--showformat=${Package} ${Version}\n").splitlines()
    of_debian = {purl for purl in listed if purl.startswith("pkg:deb/debian/")}
    assert len(of_debian) == len(debian)
    lock = (CHECKOUT / "requirements" / "serving.txt").read_text()
    assert re.search(r"^onnxruntime==([\d.]+) .*linux", lock, re.MULTILINE)
    assert {
        f"pkg:pypi/onnxruntime@{version}"
        for version in re.findall(r"^onnxruntime==([\d.]+) ;.*'linux'", lock, re.MULTILINE)
    } <= listed
    (model,) = (c for c in sbom["components"] if c["type"] == "machine-learning-model")
    assert model["version"] == "1"
    assert model["hashes"] == [{"alg": "SHA-256", "content": home.release.model_digest}]


def test_it_answers_as_when_it_was_trained_and_knows_where_it_comes_from(container, home):
    live = container.service.state()["champion"]

    assert ask(container, home.release) <= TOLERANCE + 1e-6
    assert live["digest"] == home.release.digest
    assert live["provenance"]["data_fingerprint"] == "d" * 64


def test_an_image_that_serves_another_release_or_is_off_is_told(container, home):
    release = home.release
    with pytest.raises(TrialFailed, match="which is not its own"):
        ask(container, of_version(release, "2"))
    off = [replace(row, probability=row.probability + 0.01) for row in release.golden]
    release = replace(release, golden=tuple(off))
    release.__dict__["digest"] = home.release.digest  # so that only the answers are off
    with pytest.raises(TrialFailed, match=r"0\.01 off about golden passengers"):
        ask(container, release)


def test_it_runs_without_root_without_capabilities_and_without_a_place_to_write(inside):
    status = inside("cat", "/proc/1/status")

    assert inside("id", "-u") == "1034"
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    with pytest.raises(RuntimeError, match="Read-only file system"):
        inside("touch", "/home/bentoml/bento/file")
    inside("mktemp")


def test_what_only_installing_took_is_not_in_it(inside):
    assert inside("sh", "-c", "ls -d /root/.cache/uv /slim.py 2>/dev/null || true") == ""
    assert inside("find", "/app", "-type", "d", "-name", "tests") == ""
    assert "onnxruntime" in inside("ls", "/app/.venv/lib/python3.11/site-packages")


def test_a_request_in_flight_got_its_answer_while_it_was_stopped(image):
    said = re.search(r"stopped in ([\d.]+) s with a request in flight", image.check.description)

    assert float(said[1]) < 25
    assert image.shown["ready after"].endswith(" s")


def test_a_request_that_is_cut_off_by_the_stop_is_told(image, engine):
    with running(image.tag, engine) as container:
        wait_until_ready(container)
        with pytest.raises((TrialFailed, OSError)):
            stop_while_asked(container, within=0)


def test_make_image_tells_what_it_makes(image, home, engine):
    done = home.run(IMAGE)

    assert done.returncode == 0, done.stderr
    assert f"bento {image.tag} is there already" in done.stdout
    assert "stopped in" in done.stdout
    assert re.search(r"^size +\d+ MB \(at most 450 are wanted\)$", done.stdout, re.MULTILINE)
    assert f"label     titanic.release_digest={home.release.digest}" in done.stdout
    assert str(image.sbom) in done.stdout
    assert f"{engine.name} run --rm -p 8000:3000 --read-only" in done.stdout


def test_the_image_of_an_outdated_bento_goes_with_its_bill_of_materials(image, home, engine):
    engine.run("tag", image.tag, "titanic_survival:9-outdated")
    file = sbom_of("9-outdated", home.settings)
    file.write_text("{}")
    images = HomeImages(home.settings)
    assert set(images.bentos()) == {home.bento.version, "9-outdated"}

    images.remove("9-outdated")

    assert engine.image("titanic_survival:9-outdated") is None
    assert engine.image(image.tag) is not None
    assert set(images.bentos()) == {home.bento.version}


def test_without_an_engine_the_graph_is_green_and_says_why_there_is_no_image(
    home, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))

    run = materialise(home)

    (check,) = run.get_asset_check_evaluations()
    assert run.success
    assert run.asset_materializations_for_node("serving_image") == []
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description == "image not built: no container engine"


def test_without_an_engine_make_image_says_what_to_install(home, tmp_path):
    done = home.run(IMAGE, PATH=str(tmp_path))

    assert done.returncode == 3
    assert done.stderr.startswith("image not built: no container engine works here")


def test_an_image_of_a_bento_that_is_not_there_is_refused(home):
    with pytest.raises(NoBento, match="`make bento` builds the champion's"):
        stored_bento("titanic_survival:7-none", home.settings)


def test_the_bento_asks_for_the_bases_own_python(home):
    described = yaml.safe_load((home.bento.folder / "bento.yaml").read_text())
    assert described["image"]["base_image"] == "python:3.11-slim"
    assert described["image"]["python_version"] == "3.11"
