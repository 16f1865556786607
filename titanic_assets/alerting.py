"""Tells people: a text is posted to the webhook that is set, as Slack takes it.

Whoever alerts has more urgent things to do, so nothing here raises, and nothing takes long.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from titanic_assets.settings import Settings
from titanic_assets.tracking.asking import NoAnswer, Question, ask

_TAKEN_WITHIN_SECONDS = 3.0


def send_alert(settings: Settings, text: str, say: Callable[[str], None]) -> bool:
    """Post the text, and say what became of it; whether somebody took it.

    The address is a secret: whoever has it can post. So reasons that may contain it are not told.
    """
    if settings.slack_webhook_url is None:
        say(f"alert not sent, as SLACK_WEBHOOK_URL is not set: {text}")
        return False
    address = settings.slack_webhook_url.get_secret_value()
    if not address.startswith(("http://", "https://")):
        say(f"alert not sent, as SLACK_WEBHOOK_URL is no address on the web: {text}")
        return False
    question = Question(
        "POST",
        address,
        {"Content-Type": "application/json"},
        json.dumps({"text": text}).encode(),
    )
    try:
        status = ask(question, _TAKEN_WITHIN_SECONDS).status
    except NoAnswer:
        problem = f"what is at SLACK_WEBHOOK_URL did not answer within {_TAKEN_WITHIN_SECONDS:g} s"
    else:
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            say(f"alert sent: {text}")
            return True
        problem = f"what is at SLACK_WEBHOOK_URL answers status {status}"
    say(f"alert not sent, as {problem}: {text}")
    return False
