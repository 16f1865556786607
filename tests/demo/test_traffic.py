"""The demo's ends: what shows alerts, and the client that asks."""

import httpx
import pytest

from tests.impostor import Impostor, http
from titanic_assets.demo.passengers import ordinary_guests
from titanic_assets.demo.receiver import receiving
from titanic_assets.demo.traffic import Client, NotAnswered


def test_an_alert_is_shown_as_it_comes():
    shown = []
    with receiving(shown.append) as address:
        answer = httpx.post(address, json={"text": "age has drifted"}, trust_env=False)
    assert answer.status_code == 200
    assert shown == ["age has drifted"]


def test_a_service_that_refuses_is_quoted():
    with (
        Impostor(http("too busy", status="503 Busy")) as service,
        pytest.raises(NotAnswered, match=r"/api/v1/predict answers 503: .*too busy"),
    ):
        Client(service.url).ask(ordinary_guests(1))
