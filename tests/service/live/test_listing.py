"""The list of all releases, read from storage that may be far away."""

import asyncio
import json

import pytest

from bento_service.http import Request
from bento_service.live.sources import LocalReleases
from bento_service.routes.models import ModelRoutes
from bento_service.settings import Settings
from tests.service.releases import of_version
from titanic_model.published import publish_release, release_name


class Counted(LocalReleases):
    """A folder that counts how often each release is asked for its metadata."""

    def __init__(self, folder):
        super().__init__(folder)
        self.asked = []

    def read_metadata(self, name):
        self.asked.append(name)
        return super().read_metadata(name)


@pytest.fixture
def source(folder):
    return Counted(folder)


@pytest.fixture
def listed(following, source):
    routes = ModelRoutes(following(source), Settings())

    def ask():
        request = Request.within("/api/v1/models", b"", "r")
        models = json.loads(asyncio.run(routes.models(request)).body)["models"]
        return {model["name"]: (model["family"], model["state"]) for model in models}

    return ask


def test_a_release_is_read_once_however_often_the_list_is_asked_for(
    listed, source, folder, champion, challenger
):
    first = {
        release_name(champion): ("logistic", "champion"),
        release_name(challenger): ("gradient_boosting", "challenger"),
    }
    assert listed() == listed() == first
    assert sorted(source.asked) == sorted(first)
    third = publish_release(of_version(champion, "3"), folder)
    assert listed() == {**first, third: ("logistic", "published")}
    assert sorted(source.asked) == sorted([*first, third])


def test_a_broken_one_is_looked_at_again(listed, folder):
    name = "900-0123456789ab"
    (folder / name).mkdir()
    metadata = folder / name / "metadata.json"
    metadata.write_text("{")
    assert listed()[name] == (None, "broken")
    metadata.write_text('{"version": "900", "family": "logistic"}')
    assert listed()[name] == ("logistic", "published")
