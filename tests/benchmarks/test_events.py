"""What is measured of events is all of them."""

import pytest

from benchmarks.events import main
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.settings import Settings


@pytest.mark.parametrize("events", [1, 299, 3000])
def test_every_step_meets_as_many_events_as_were_logged(tmp_path, events):
    home = str(tmp_path / "home")
    settings = Settings(titanic_home=home)
    assert main("log", home, str(events)) == events
    assert main("collect", home) == events
    assert main("collect", home) == 0
    assert main("read", home) == events
    assert main("label", home) == sum(map(len, EventStore.of(settings).outcomes()))
