"""A home in which much has happened, a small one, and what is said meanwhile."""

import pytest

from tests.backup.homes import Home, LivedInHome
from titanic_assets.backup.progress import Progress


@pytest.fixture
def said():
    return []


@pytest.fixture
def progress(said):
    return Progress(said.append)


@pytest.fixture
def home(tmp_path):
    """Without any database, so that a test of something else is quick."""
    small = Home(tmp_path / "a home")
    small.write("ledger/promotions.jsonl", '{"event_id": "1"}\n')
    small.write("landing/list.csv", "a,b\n")
    small.write("reports/page.html", "<p>page</p>")
    return small


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory, migrated_store):
    return LivedInHome(tmp_path_factory.mktemp("machine") / "a home", migrated_store)
