"""A home with a live release and its bento, and one image of it for all that needs one."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest

from tests.service.releases import a_release, publish
from titanic_assets.asset_files import AssetFiles
from titanic_assets.assets.image import serving_image
from titanic_assets.releasing.bentos import champions_bento
from titanic_assets.releasing.bundling import ServedBundle
from titanic_assets.releasing.image.engine import NoEngine, find_engine
from titanic_assets.releasing.image.kept import sbom_of
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.tracking.registry import Registry


@dataclass
class Home:
    """What `make run` leaves behind, as far as operators see it."""

    settings: Settings
    release: object
    bento: object

    def run(self, module, *arguments, **environment):
        """One of the programs behind the make targets."""
        return run(self.settings.places.home, module, *arguments, **environment)


def run(home, module, *arguments, **environment):
    """A program of the project's, in that home."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=CHECKOUT,
        env={**os.environ, "TITANIC_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    settings = Settings(titanic_home=tmp_path_factory.mktemp("operating") / ".titanic")
    settings.places.mlflow.mkdir(parents=True)
    registry = Registry(settings.tracking_uri)
    registry.initialise(str(settings.places.mlflow / "artifacts"))
    of_run = registry.client.create_run(registry.experiment).info.run_id
    release = a_release()
    provenance = replace(release.metadata.provenance, mlflow_run_id=of_run)
    release = replace(release, metadata=replace(release.metadata, provenance=provenance))
    publish(settings.places.releases, release)
    return Home(settings, release, champions_bento(settings))


@pytest.fixture(scope="session")
def engine():
    try:
        return find_engine()
    except NoEngine as error:
        pytest.skip(str(error))


def materialise(home, **settings):
    """Make `serving_image` of the home's bento, as Dagster does."""
    bento = home.bento
    bundle = ServedBundle(1, home.release.model_digest, bento.model.name, bento.tag, ())

    @dg.asset(name="serving_bundle")
    def bundled() -> ServedBundle:
        return bundle

    return dg.materialize(
        [bundled, serving_image],
        resources={
            "settings": home.settings.model_copy(update=settings),
            "io_manager": AssetFiles(folder=str(home.settings.places.tables)),
        },
    )


@dataclass
class Made:
    """The image, and what the asset tells of it."""

    tag: str
    sbom: Path
    check: dg.AssetCheckEvaluation
    shown: dict


@pytest.fixture(scope="session")
def image(home, engine):
    """The one image, made by the asset and removed in the end."""
    run = materialise(home)
    (check,) = run.get_asset_check_evaluations()
    (made,) = run.asset_materializations_for_node("serving_image")
    tag = home.bento.tag
    yield Made(
        tag,
        sbom_of(home.bento.version, home.settings),
        check,
        {name: value.value for name, value in made.metadata.items()},
    )
    engine.remove(tag)
