"""Servers that stand in for others: for the service, and for what is behind a webhook."""

import pytest

from tests.alerts.receiver import Receiver
from tests.health.stand_in import StandIn


@pytest.fixture
def stand_in():
    server = StandIn()
    yield server
    server.stop()


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()
