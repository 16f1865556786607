"""Old releases go with all that was made of them; what may be needed at once stays."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from titanic_assets.releasing.retention import outdated, remove_outdated
from titanic_assets.settings import Settings
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger
from titanic_model.published import Current, write_current


def a_name(version):
    return f"{version}-0123456789ab"


class Home:
    """A home in which versions were promoted one after the other, each with two bentos."""

    def __init__(self, folder):
        self.folder = folder
        self.said = []

    @property
    def places(self):
        return Settings(titanic_home=self.folder).places

    def promote(self, version):
        name = a_name(version)
        for place in (
            self.places.releases / name,
            self.store / "models" / "titanic_survival" / name,
            *(self.store / "bentos" / "titanic_survival" / f"{name}-{code}" for code in "ab"),
        ):
            place.mkdir(parents=True, exist_ok=True)
            (place / "content").touch()
            (place.parent / "latest").write_text(place.name)
        write_current(self.places.releases, Current(name))
        PromotionLedger(self.places.ledger).append(
            PromotionEvent(
                event_id=uuid4().hex,
                when=datetime.now(UTC),
                who="tests",
                alias="champion",
                from_version=None,
                to_version=version,
                why="tests",
                digest="0" * 64,
                dagster_run_id=None,
            )
        )

    @property
    def store(self):
        return self.places.bentoml

    def remove_outdated(self, keep, images=None):
        settings = Settings(titanic_home=self.folder, keep_releases=keep)
        return remove_outdated(settings, self.said.append, images)

    def there(self):
        """What is there of each kind, by version."""
        kinds = {
            "releases": self.places.releases,
            "bentos": self.store / "bentos" / "titanic_survival",
            "models": self.store / "models" / "titanic_survival",
        }
        return {
            kind: sorted({int(each.name.split("-")[0]) for each in folder.glob("*-*")})
            for kind, folder in kinds.items()
        }


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    for version in range(1, 13):
        home.promote(version)
    return home


def test_the_newest_stay_besides_those_that_are_spared():
    names = [a_name(version) for version in range(1, 13)]

    assert outdated(names, [a_name(12), "11"], 2) == {a_name(version) for version in range(1, 9)}
    assert outdated(names, [a_name(3)], 1) == set(names) - {a_name(3), a_name(12)}
    assert outdated(names, [], 20) == set()
    assert outdated(names, [a_name(1), "2"], 0) == {a_name(version) for version in range(3, 13)}


def test_a_version_spares_no_other_that_begins_alike():
    assert outdated([a_name(1), a_name(11)], ["1"], 0) == {a_name(11)}


def test_releases_and_bentos_go_together(home):
    gone = home.remove_outdated(keep=3)

    assert gone == {a_name(version) for version in range(1, 8)}
    assert home.there() == {
        "releases": [8, 9, 10, 11, 12],
        "bentos": [8, 9, 10, 11, 12],
        "models": [8, 9, 10, 11, 12],
    }
    assert home.said == [
        f"outdated and removed, with their bentos: {', '.join(sorted(gone))}",
    ]
    assert home.remove_outdated(keep=3) == set()


def test_the_live_one_and_the_champion_before_stay_however_old(home):
    home.promote(3)

    home.remove_outdated(keep=0)

    assert home.there()["bentos"] == [3, 12]
    latest = home.store / "bentos" / "titanic_survival" / "latest"
    assert latest.read_text() == f"{a_name(3)}-b"


def test_the_challenger_stays(home):
    write_current(home.places.releases, Current(a_name(12), a_name(5)))

    home.remove_outdated(keep=0)

    assert home.there()["releases"] == [5, 11, 12]


def test_a_latest_whose_bento_is_gone_names_one_that_is_there(home):
    latest = home.store / "bentos" / "titanic_survival" / "latest"
    latest.write_text(f"{a_name(1)}-a")

    home.remove_outdated(keep=0)

    assert (latest.parent / latest.read_text()).is_dir()


def test_nothing_goes_before_anything_is_live(home):
    (home.places.releases / "current.json").unlink()

    assert home.remove_outdated(keep=0) == set()
    assert len(home.there()["releases"]) == 12


def test_images_go_with_their_bentos(home):
    class Images:
        """What an engine has; one is of other code, and one of a bento that a person named."""

        def __init__(self):
            self.tags = [f"{a_name(1)}-a", f"{a_name(12)}-a", f"{a_name(1)}-z", "my-own-bento"]

        def bentos(self):
            return list(self.tags)

        def remove(self, bento):
            self.tags.remove(bento)

    home.remove_outdated(keep=0)  # while no engine answers
    images = Images()
    home.remove_outdated(keep=0, images=images)

    assert images.tags == [f"{a_name(12)}-a", "my-own-bento"]
