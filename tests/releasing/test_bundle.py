"""Bentos of a service as small as can be, built by the real `bentoml build`."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.releasing.releases import PROVENANCE, a_release
from titanic_assets.releasing.bundle import NotBuilt, build_bento, find_bento
from titanic_assets.releasing.proving import NotProven
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.served import bento_to_serve
from titanic_model.published import CURRENT, Current, publish_release, read_current
from titanic_model.release import MODEL, read_release

SERVICE = """
import bentoml
import numpy as np
from bento_service.packing import PackedRelease, packed_release_folder
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from titanic_model.features import derive_row
from titanic_model.published import read_current
from titanic_model.release import read_release

app = Starlette()

@bentoml.service(name="titanic_survival", metrics={"enabled": False})
@bentoml.asgi_app(app)
class TitanicSurvival:
    release = PackedRelease("titanic_survival:live")

    def __init__(self):
        folder = packed_release_folder(TitanicSurvival)
        release = read_release(folder / read_current(folder).champion)
        scorer = release.scorer()

        async def model(request):
            return JSONResponse({"champion": {"digest": release.digest, "name": str(folder)}})

        async def predict(request):
            scores = scorer.score(np.stack([derive_row(await request.json())]))
            return JSONResponse({"probability": round(float(scores[0]), 6)})

        app.add_route("/api/v1/model", model)
        app.add_route("/api/v1/predict", predict, methods=["POST"])
"""


SECRET = "a secret of 32 bytes or even more"  # noqa: S105 - for this test alone


class Building:
    """A checkout with the light half of the project and a tiny service, and a home."""

    def __init__(self, folder):
        self.checkout = folder / "a checkout"
        self.settings = Settings(titanic_home=folder / ".titanic")

    @property
    def service(self):
        return self.checkout / "bento_service" / "service.py"

    def check_out(self):
        options = yaml.safe_load((CHECKOUT / "bentofile.yaml").read_text())
        requirements = options["python"]["requirements_txt"]
        light = [name for name in options["include"] if name.startswith("titanic_model/")]
        service = ["bento_service/__init__.py", "bento_service/packing.py"]
        for name in (*light, *service, requirements, "bentofile.yaml"):
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, self.checkout / name)
        self.service.write_text(SERVICE)
        (self.service.parent / "__pycache__").mkdir()
        (self.service.parent / "__pycache__" / "old.pyc").touch()

    def publish(self, **release):
        folder = self.settings.places.releases
        return folder / publish_release(a_release(**{"version": "3", **release}), folder)

    def build(self, release=None):
        return build_bento(release or self.publish(), self.settings, self.checkout)


@pytest.fixture
def fresh(tmp_path):
    building = Building(tmp_path)
    building.check_out()
    return building


@pytest.fixture(scope="module")
def first_build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first build")
    building = Building(folder)
    building.check_out()
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("JWT_SECRET", SECRET)
        bento = building.build()
    return folder, bento


@pytest.fixture
def built(first_build, tmp_path):
    """A home in which a bento was built already."""
    folder, _ = first_build
    shutil.copytree(folder, tmp_path / "copy")
    return Building(tmp_path / "copy")


def in_store(building):
    store = building.settings.places.bentoml
    return sorted(
        path.relative_to(store).as_posix()
        for path in store.glob("*/titanic_survival/*")
        if path.is_dir()
    )


def test_a_bento_carries_the_service_and_the_release_it_was_built_for(first_build):
    folder, bento = first_build
    building = Building(folder)
    release = building.publish()

    assert not bento.reused
    assert bento.building > 0
    assert bento.proving > 0
    assert bento.tag == f"titanic_survival:{bento.version}"
    assert bento.version.startswith(f"{release.name}-")
    assert in_store(building) == [
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


def test_a_bento_says_nothing_of_the_machine_it_was_built_on(first_build):
    folder, bento = first_build

    for path in (*bento.folder.rglob("*"), *bento.model.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        assert str(folder).encode() not in content, path
        assert str(CHECKOUT).encode() + b"/" not in content, path
        assert SECRET.encode() not in content, path


def test_the_same_release_and_the_same_code_are_the_same_bento(first_build, built):
    _, first = first_build
    store = built.settings.places.bentoml
    before = {path: path.stat().st_mtime_ns for path in store.glob("*/titanic_survival/**/*")}

    again = built.build()

    assert again.reused
    assert (again.tag, again.building, again.proving) == (first.tag, 0, 0)
    assert again.labels == first.labels
    assert [path for path, moment in before.items() if path.stat().st_mtime_ns != moment] == []


def test_other_code_with_another_release_is_another_bento(first_build, built):
    _, first = first_build
    with built.service.open("a") as service:
        service.write("# changed\n")

    other = built.build(built.publish(version="4", bias=-2.0))

    assert not {*first.version.split("-")} & {*other.version.split("-")}
    assert in_store(built) == sorted(
        [f"bentos/titanic_survival/{each.version}" for each in (first, other)]
        + [f"models/titanic_survival/{each.model.name}" for each in (first, other)]
    )


@pytest.mark.parametrize("damaged", ["src/titanic_model/features.py", "the model"])
def test_what_is_damaged_is_made_again(first_build, built, damaged):
    _, first = first_build
    home = built.settings.places.bentoml
    model = home / "models" / "titanic_survival" / first.model.name / first.model.name
    bento = home / "bentos" / "titanic_survival" / first.version
    file = model / MODEL if damaged == "the model" else bento / damaged
    file.unlink()

    assert not built.build().reused

    assert file.is_file()
    assert built.build().reused


def test_a_latest_that_names_nothing_is_put_right(first_build, built):
    _, first = first_build
    latest = built.settings.places.bentoml / "bentos" / "titanic_survival" / "latest"
    latest.write_text("")

    assert built.build().reused

    assert latest.read_text() == first.version


def test_a_bento_is_found_as_long_as_it_is_of_the_release_and_the_code(first_build, built):
    _, first = first_build
    release = built.publish()
    found = find_bento(release, built.settings, built.checkout)
    assert found.tag == first.tag
    assert found.size > 10_000

    description = built.settings.places.bentoml / "bentos" / "titanic_survival" / first.version
    for torn in ("", "labels:", "{"):
        shutil.copy(description / "bento.yaml", built.checkout)
        (description / "bento.yaml").write_text(torn)
        assert find_bento(release, built.settings, built.checkout) is None
        shutil.move(built.checkout / "bento.yaml", description / "bento.yaml")

    another = built.publish(version="4")
    assert find_bento(another, built.settings, built.checkout) is None
    with built.service.open("a") as service:
        service.write("# changed\n")
    assert find_bento(release, built.settings, built.checkout) is None


def test_nothing_is_served_at_once_where_nothing_is_live_or_bundled(built):
    assert bento_to_serve(built.settings) is None
    current = built.settings.places.releases / CURRENT
    current.write_text("{")
    assert bento_to_serve(built.settings) is None
    current.write_text(Current(built.publish().name).to_json())
    assert bento_to_serve(built.settings) is None  # the bento there is of a tiny service


def test_a_service_that_cannot_be_built_leaves_nothing_and_tells_why(fresh):
    fresh.service.write_text("import no_such_module\n")

    with pytest.raises(NotBuilt, match="no_such_module"):
        fresh.build()

    assert in_store(fresh) == []
    assert not (fresh.settings.places.bentoml / "unfinished").exists()


@pytest.mark.parametrize(
    ("in_the_code", "instead", "told"),
    [
        ("[0]), 6)", "[0]) + 2e-5, 6)", "up to 2e-05 off"),
        ('{"digest": release.digest', '{"digest": "another"', "another than it was built of"),
        ("        release = read_release", "        read_nothing()", "does not start"),
    ],
)
def test_a_bento_that_does_not_serve_its_release_is_none(fresh, in_the_code, instead, told):
    assert in_the_code in SERVICE
    fresh.service.write_text(SERVICE.replace(in_the_code, instead))

    with pytest.raises(NotProven, match=told):
        fresh.build()

    assert in_store(fresh) == []
    assert not (fresh.settings.places.bentoml / "unfinished").exists()
