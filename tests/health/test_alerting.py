"""Alerts reach whoever is set, and nobody waits or fails for those who cannot take them."""

import time

import pytest

from tests.health.receiver import SECRET
from tests.service.serving import free_port
from titanic_assets.alerting import send_alert
from titanic_assets.settings import Settings


@pytest.fixture
def said():
    return []


def test_an_alert_is_posted_as_slack_takes_it(receiver, said):
    assert send_alert(Settings(slack_webhook_url=receiver.url), "Müde & <hungrig>", said.append)

    assert receiver.taken == [
        (f"/services/{SECRET}", "application/json", {"text": "Müde & <hungrig>"})
    ]
    assert said == ["alert sent: Müde & <hungrig>"]


def test_without_a_webhook_the_log_has_the_alert_and_says_that_nobody_got_it(said):
    assert not send_alert(Settings(), "version 4 was withdrawn", said.append)

    assert said == ["alert not sent, as SLACK_WEBHOOK_URL is not set: version 4 was withdrawn"]


def test_a_receiver_that_fails_is_told_and_fails_nothing(receiver, said):
    receiver.status = 500

    assert not send_alert(Settings(slack_webhook_url=receiver.url), "text", said.append)
    assert said == ["alert not sent, as what is at SLACK_WEBHOOK_URL answers status 500: text"]


def test_a_receiver_that_is_slow_is_not_waited_for(receiver, said):
    receiver.go_on.clear()
    began = time.monotonic()

    assert not send_alert(Settings(slack_webhook_url=receiver.url), "text", said.append)

    assert time.monotonic() - began < 15  # of twenty that it would take
    assert said == [
        "alert not sent, as what is at SLACK_WEBHOOK_URL did not answer within 3 s: text"
    ]


@pytest.mark.parametrize(
    "address", [f"http://127.0.0.1:{{port}}/{SECRET}", f"{SECRET}:nonsense", f"gopher://{SECRET}"]
)
def test_the_address_is_never_told_whatever_is_wrong_with_it(address, said, caplog):
    where = address.format(port=free_port())

    assert not send_alert(Settings(slack_webhook_url=where), "text", said.append)

    assert len(said) == 1
    assert SECRET not in said[0] + caplog.text
