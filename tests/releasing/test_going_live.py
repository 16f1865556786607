"""A release is live when the running service says so, and when it does not, the reason is told."""

import shutil
from dataclasses import replace

import pytest

from tests.releasing.conftest import Models
from tests.service.serving import free_port, start_service
from titanic_assets.releasing.going_live import NotLive, Patience, make_live
from titanic_assets.releasing.publish import Overtaken
from titanic_assets.settings import Settings
from titanic_model.published import (
    CURRENT,
    Current,
    publish_release,
    read_current,
    write_current,
)
from titanic_model.release import read_release

QUICKLY = Patience(answer=0.3, swap=3)


@pytest.fixture(scope="module")
def models(tmp_path_factory, migrated_store):
    folder = tmp_path_factory.mktemp("registry")
    (folder / "mlflow.db").write_bytes(migrated_store.read_bytes())
    return Models(folder)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The real service on two workers, following a home that nothing has been published in."""
    home = tmp_path_factory.mktemp("home")
    service = start_service(
        home, wait=False, workers=2, releases_uri=home / "releases", releases_poll_seconds=0.1
    )
    yield service
    service.stop()


@pytest.fixture
def settings(service):
    return Settings(titanic_home=service.home, api_url=service.url)


@pytest.fixture
def said():
    return []


def test_a_release_is_live_when_the_service_itself_answers_with_it(models, settings, service, said):
    """The service is still starting, as it is in a first `make run`."""
    number = models.register(-1.0, alias="champion")

    live = make_live(settings, models.registry, said.append)

    assert live.version == number
    assert live.changed
    assert live.release == read_current(settings.places.releases).champion
    assert service.predict().json()["model_version"] == str(number)
    assert said[-1].startswith(f"{service.url} answers with version {number}")


def test_going_back_and_forth_needs_nothing_of_the_registry_but_the_alias(models, settings, said):
    first = models.register(-1.0, alias="champion")
    make_live(settings, models.registry, said.append)
    second = models.register(-2.0, alias="champion")
    assert make_live(settings, models.registry, said.append).version == second
    shutil.rmtree(models.artifacts(first))
    models.registry.move_alias("champion", first)

    live = make_live(settings, models.registry, said.append)

    assert (live.version, live.changed) == (first, True)
    assert live.seconds < 5  # 0.1 on a free machine
    again = make_live(settings, models.registry, said.append)
    assert (again.release, again.changed) == (live.release, False)


def test_a_release_that_the_service_refuses_is_told_with_the_services_reason(
    models, settings, service, said
):
    live = make_live(settings, models.registry, said.append)
    number = models.register(-3.0, alias="champion")
    name = published_with_wrong_answers(models, settings, number)

    with pytest.raises(NotLive) as refusal:
        make_live(settings, models.registry, said.append, patience=QUICKLY)

    assert f"has not taken release {name}" in str(refusal.value)
    assert "golden passengers" in str(refusal.value)
    assert service.predict().json()["model_version"] == str(live.version)


def test_a_service_that_is_down_is_told_with_what_to_do(models, settings, said):
    number = models.register(-1.0, alias="champion")
    down = settings.model_copy(update={"api_url": f"http://127.0.0.1:{free_port()}"})

    with pytest.raises(NotLive, match=r"does not answer .*refused.*`make run`"):
        make_live(down, models.registry, said.append, patience=QUICKLY)

    assert read_current(settings.places.releases).champion.startswith(f"{number}-")


def test_a_service_that_follows_another_folder_is_told(models, settings, tmp_path, said):
    models.register(-1.0, alias="champion")
    elsewhere = settings.model_copy(update={"titanic_home": tmp_path})

    with pytest.raises(NotLive, match=r"it follows .*releases, and releases are published in"):
        make_live(elsewhere, models.registry, said.append, patience=QUICKLY)


def test_what_is_champion_no_longer_does_not_go_live(models, settings, said):
    first = models.register(-1.0, alias="champion")
    make_live(settings, models.registry, said.append)
    second = models.register(-2.0, alias="champion")
    before = (settings.places.releases / CURRENT).read_bytes()

    with pytest.raises(Overtaken, match=f"version {second} has become champion"):
        make_live(settings, models.registry, said.append, expected=first)

    assert (settings.places.releases / CURRENT).read_bytes() == before


def test_whoever_is_overtaken_while_the_service_is_waited_for_waits_no_longer(models, settings):
    models.register(-1.0, alias="champion")
    down = settings.model_copy(update={"api_url": f"http://127.0.0.1:{free_port()}"})
    other = Current("999-0123456789ab")

    def overtake(text):
        """As soon as it is published, before it is asked for."""
        assert "is published" in text
        write_current(settings.places.releases, other)

    with pytest.raises(Overtaken, match=other.champion):
        make_live(down, models.registry, overtake)


def published_with_wrong_answers(models, settings, number):
    """The version's release, made to expect what its model does not say."""
    version = models.registry.version(number)
    release = read_release(models.artifacts(number))
    wrong = replace(
        release,
        metadata=replace(release.metadata, version=str(number)),
        golden=tuple(replace(row, probability=0.5) for row in release.golden),
    )
    assert wrong.model_digest == version.digest
    return publish_release(wrong, settings.places.releases)
