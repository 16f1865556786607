"""The service for all tests of it: one that runs throughout, and others with settings of theirs."""

import pytest

from bento_service.settings import Settings
from tests.service.releases import a_release, publish
from tests.service.serving import start_service


@pytest.fixture(autouse=True)
def _settings_of_the_service_by_default(monkeypatch):
    for setting in Settings.model_fields:
        monkeypatch.delenv(setting.upper(), raising=False)


@pytest.fixture(scope="session")
def champion():
    return a_release("1", "logistic")


@pytest.fixture(scope="session")
def challenger():
    return a_release("2", "gradient_boosting")


@pytest.fixture(scope="session")
def releases(champion, challenger, tmp_path_factory):
    """A folder of releases with champion 1 and challenger 2, which nobody changes."""
    folder = tmp_path_factory.mktemp("releases")
    publish(folder, champion, challenger)
    return folder


@pytest.fixture(scope="session")
def service(releases, tmp_path_factory):
    """A service with its usual settings, shared by the tests that leave it as it is."""
    running = start_service(tmp_path_factory.mktemp("service"), releases_uri=releases)
    yield running
    running.stop()


@pytest.fixture
def serve(releases, tmp_path):
    """Starts services of the test's own, on releases that nobody changes unless it says so."""
    running = []

    def start(home=None, **settings):
        home = home or tmp_path / f"home-{len(running)}"
        running.append(start_service(home, **{"releases_uri": releases, **settings}))
        return running[-1]

    yield start
    for service in running:
        service.stop()
