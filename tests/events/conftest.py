"""A home with a prediction log in it, and what becomes of that."""

import pytest

from tests.prediction_log.lines import a_line, a_segment, seconds
from titanic_assets.monitoring.events.auditing import audit
from titanic_assets.monitoring.events.collecting import collect
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.settings import Settings

NOON = seconds("12:00:00")


def predictions(first, count, *, every=1.0, **what):
    """Predictions one after the other, called by their number."""
    return [
        a_line(NOON + n * every, request_id=str(n), **what) for n in range(first, first + count)
    ]


class Home:
    """A home whose log is written by hand."""

    def __init__(self, settings):
        self.settings = settings
        self.places = settings.places
        self.log = settings.places.prediction_log

    def segment(self, clock, lines, **what):
        return a_segment(self.log, clock, lines, **what)

    def collect(self):
        """Collect, and see that nothing is there twice, and nothing lost."""
        found = collect(self.settings)
        assert audit(self.places.events).is_right
        return found

    @property
    def store(self):
        return EventStore.of(self.settings)

    def asked(self, **what):
        """The request ids that are there, in their order of times."""
        rows = [
            row
            for batch in self.store.predictions(["time", "request_id"], **what)
            for row in batch.to_pylist()
        ]
        return [row["request_id"] for row in sorted(rows, key=lambda row: row["time"])]

    def files(self):
        """The Parquet files there are, whether they count or not."""
        return sorted(self.places.events.glob("*/day=*/*.parquet"))


@pytest.fixture
def home(tmp_path):
    return Home(Settings(titanic_home=tmp_path / "home"))
