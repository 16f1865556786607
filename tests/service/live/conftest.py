"""A folder of releases that tests may change, and one who follows it."""

import pytest

from bento_service.live.follower import Follower
from bento_service.live.sources import open_source
from tests.service.releases import publish


class Heard:
    """What a follower told of."""

    def __init__(self):
        self.changes, self.refusals = [], []

    @property
    def live(self):
        return [[model.name for model in live.models] for live in self.changes]


@pytest.fixture
def folder(champion, challenger, tmp_path):
    """Champion 1 and challenger 2 are live here."""
    folder = tmp_path / "releases"
    publish(folder, champion, challenger)
    return folder


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def following(folder, heard, tmp_path):
    """Makes followers; they are stopped in the end."""
    made = []

    def follow(source=None, *, start=False, follow=True, poll_seconds=0.05):
        made.append(
            Follower(
                source or open_source(str(folder)),
                follow=follow,
                poll_seconds=poll_seconds,
                shared=tmp_path,
                on_change=heard.changes.append,
                on_refusal=heard.refusals.append,
            )
        )
        if start:
            made[-1].start()
        else:
            made[-1].check()
        return made[-1]

    yield follow
    for follower in made:
        follower.stop()
