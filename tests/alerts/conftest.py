"""Settings with a webhook, what is behind it, and a clock that tests can turn."""

import pytest
from pydantic import SecretStr

from tests.alerts.receiver import Receiver
from tests.service.serving import free_port
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.settings import Settings


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def settings(tmp_path, receiver):
    return Settings(
        titanic_home=tmp_path / "home",
        slack_webhook_url=SecretStr(receiver.url),
        api_port=free_port(),  # where no service is
    )


@pytest.fixture
def ledger(settings):
    return AlertLedger(settings.places.alerts)


@pytest.fixture
def said():
    return []


class Clock:
    """Seconds since 1970, as far as the alerts know."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now

    def on(self, **later):
        self.now += sum(
            count * {"seconds": 1, "minutes": 60, "hours": 3600}[unit]
            for unit, count in later.items()
        )


@pytest.fixture
def clock():
    return Clock()
