import pytest

from bento_service.settings import Settings
from tests.service.guard.key_server import KeyServer


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch):
    for setting in Settings.model_fields:
        monkeypatch.delenv(setting.upper(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def key_server():
    server = KeyServer()
    yield server
    server.go_down()
