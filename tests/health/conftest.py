"""What stands in for the service where a test says what the service says."""

import pytest

from tests.health.stand_in import StandIn


@pytest.fixture
def stand_in():
    server = StandIn()
    yield server
    server.stop()
