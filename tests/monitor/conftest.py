"""Homes with a storage of Dagster's in them, made once and copied, and the monitor on them."""

import shutil

import pytest

from tests.monitor.dagster_home import DagsterHome
from tests.monitor.running import running
from titanic_assets.settings import Settings
from titanic_assets.stack.stores import prepare_dagster


@pytest.fixture(scope="session")
def _new_store(tmp_path_factory):
    """What `make run` makes of an empty home."""
    settings = Settings(titanic_home=tmp_path_factory.mktemp("new"))
    prepare_dagster(settings)
    return settings.places.dagster


@pytest.fixture
def home(_new_store, tmp_path):
    """A home with a fresh storage, and what tests do there in Dagster's place."""
    shutil.copytree(_new_store, tmp_path / "dagster")
    with DagsterHome(Settings(titanic_home=tmp_path)) as home:
        yield home


@pytest.fixture
def monitor(home):
    """The real monitor on that home; its client, which asks as a program on this machine."""
    with running(home.settings) as client:
        yield client
