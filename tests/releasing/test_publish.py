"""What an alias names goes live: as a whole, under the registry's number, or not at all."""

import fcntl
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from titanic_assets.releasing.publish import NoChampion, publish
from titanic_assets.tracking.registry import Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_model.published import CURRENT, read_current
from titanic_model.release import MODEL, BrokenRelease, read_release


@pytest.fixture
def releases(tmp_path):
    return tmp_path / "releases"


def names_in(releases):
    return {path.name for path in releases.iterdir() if path.is_dir()}


def test_the_champion_goes_live_under_the_number_of_the_registry(models, releases):
    models.register(-1.0)
    models.register(-2.0, alias="champion")

    publication = publish(models.registry, releases)

    assert publication.changed
    assert publication.champion.version == 2
    assert publication.challenger is None
    assert read_current(releases) == publication.current
    live = read_release(releases / publication.current.champion)
    assert live.metadata.version == "2"
    assert publication.current.champion == f"2-{live.digest[:12]}"
    assert names_in(releases) == {publication.current.champion}


def test_publishing_again_changes_nothing(models, releases):
    models.register(-1.0, alias="champion")
    first = publish(models.registry, releases)
    before = {path: path.stat().st_mtime_ns for path in releases.rglob("*")}

    again = publish(models.registry, releases)

    assert again.current == first.current
    assert not again.changed
    assert {path: path.stat().st_mtime_ns for path in releases.rglob("*")} == before


def test_the_challenger_is_published_beside_the_champion_until_it_is_none(models, releases):
    models.register(-1.0, alias="champion")
    models.register(-2.0, alias="challenger")

    publication = publish(models.registry, releases)

    assert publication.challenger.version == 2
    assert publication.current.challenger.startswith("2-")
    assert names_in(releases) == {publication.current.champion, publication.current.challenger}

    models.registry.drop_alias("challenger")
    assert publish(models.registry, releases).current.challenger is None


def test_a_champion_that_is_challenger_too_has_no_challenger(models, releases):
    models.registry.move_alias("challenger", models.register(-1.0, alias="champion"))

    assert publish(models.registry, releases).challenger is None


def test_an_alias_that_moves_back_makes_the_older_release_live(models, releases):
    first = models.register(-1.0, alias="champion")
    publish(models.registry, releases)
    models.register(-2.0, alias="champion")
    publish(models.registry, releases)
    models.registry.move_alias("champion", first)

    publication = publish(models.registry, releases)

    assert publication.changed
    assert publication.current.champion.startswith("1-")
    assert len(names_in(releases)) == 2


def test_without_a_champion_there_is_nothing_to_publish_and_the_error_says_what_to_do(
    models, releases
):
    models.register(-1.0)

    with pytest.raises(NoChampion, match="`make run` trains"):
        publish(models.registry, releases)

    assert not (releases / CURRENT).exists()


def test_a_champion_that_cannot_be_published_leaves_the_old_one_live(models, releases):
    models.register(-1.0, alias="champion")
    live = publish(models.registry, releases).current
    second = models.register(-2.0, alias="champion")
    (models.artifacts(second) / MODEL).write_bytes(b"something else")

    with pytest.raises(BrokenRelease, match="digest differs"):
        publish(models.registry, releases)

    assert read_current(releases) == live
    assert names_in(releases) == {live.champion}


def test_a_release_that_is_not_the_registered_model_does_not_go_live(models, releases):
    number = models.register(-1.0, alias="champion")
    models.registry.client.set_model_version_tag(MODEL_NAME, str(number), "digest", "f" * 64)

    with pytest.raises(BrokenRelease, match="not the model that was registered"):
        publish(models.registry, releases)


def test_a_broken_challenger_does_not_keep_the_champion_back(models, releases):
    models.register(-1.0, alias="champion")
    second = models.register(-2.0, alias="challenger")
    (models.artifacts(second) / MODEL).unlink()

    publication = publish(models.registry, releases)

    assert publication.changed
    assert publication.challenger is None
    assert MODEL in publication.challenger_problem


@dataclass(frozen=True)
class WithoutArtifacts(Registry):
    """A registry whose store of artifacts has gone away; it notes what is wanted of that."""

    lock: Path = Path()
    asked: list[int] = field(default_factory=list)

    def fetch_release(self, version, into):  # noqa: ARG002 - never gets there
        with self.lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody waits for this
        self.asked.append(version.version)
        raise OSError("no route to host")


def test_a_challenger_whose_store_is_down_keeps_nobody_back_or_waiting(models, releases):
    """As in a rollback: the champion is there, and what is beside it has to be fetched."""
    first = models.register(-1.0, alias="champion")
    publish(models.registry, releases)
    second = models.register(-2.0, alias="challenger")
    gone = WithoutArtifacts(models.registry.tracking_uri, lock=releases / ".lock")

    publication = publish(gone, releases)

    assert publication.champion.version == first
    assert publication.challenger is None
    assert publication.challenger_problem == "no route to host"
    assert gone.asked == [second]
    assert publish(models.registry, releases).challenger.version == second


def test_what_a_killed_one_left_behind_is_in_nobodys_way(models, releases):
    models.register(-1.0, alias="champion")
    name = publish(models.registry, releases).current.champion
    (releases / name / MODEL).write_bytes(b"half of")
    (releases / f".{name}.unfinished").mkdir()
    (releases / CURRENT).unlink()

    publication = publish(models.registry, releases)

    assert publication.current.champion == name
    read_release(releases / name)


@pytest.mark.parametrize("content", [b"", b'{"champion": "../../etc"}', b"\xff\xfe"])
def test_a_current_json_that_says_nothing_is_written_anew(models, releases, content):
    models.register(-1.0, alias="champion")
    live = publish(models.registry, releases).current
    (releases / CURRENT).write_bytes(content)

    assert publish(models.registry, releases).changed
    assert read_current(releases) == live
