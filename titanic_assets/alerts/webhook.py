"""One message to the webhook that is set, as Slack takes it, and what came of it.

The address is a secret: whoever has it can post. So what is told of a failure is in words of ours.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from titanic_assets.alerts.planning import LONGEST_SILENCE
from titanic_assets.tracking.asking import Answer, NoAnswer, Question, ask

_SHORTEST_WAIT = 1.0
_ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
# What is said below, in words that cannot have the address in them.
_REASONS = {
    "no whole answer within": "does not answer in time",
    "Connection refused": "refuses connections",
    "Name or service not known": "has a name that nobody knows",
    "name resolution": "has a name that cannot be looked up now",
    "CERTIFICATE_VERIFY_FAILED": "has a certificate that is not trusted",
    "Network is unreachable": "is on a network that cannot be reached",
    "No route to host": "is on a network that cannot be reached",
}


@dataclass(frozen=True)
class Outcome:
    """Whether it was taken, and if not why, and how long whoever takes messages wants silence."""

    sent: bool
    problem: str = ""
    silence: float | None = None
    # Whether another message would fare better than this one.
    others_may_pass: bool = False


def post(address: str, text: str, message_id: str, seconds: float) -> Outcome:
    """Post it, and wait no longer than that for the status."""
    if not address.startswith(("http://", "https://")):
        return Outcome(sent=False, problem="SLACK_WEBHOOK_URL is no address on the web")
    question = Question(
        "POST",
        address,
        {"Content-Type": "application/json", "Idempotency-Key": message_id},
        json.dumps({"text": text}).encode(),
        by_proxy=not _is_on_this_machine(address),
        only_status=True,
    )
    try:
        return judge_answer(ask(question, seconds), time.time())
    except NoAnswer as error:
        words = next((ours for said, ours in _REASONS.items() if said in str(error)), "")
        return Outcome(sent=False, problem=f"what is at SLACK_WEBHOOK_URL {words or 'has hung up'}")


def judge_answer(answer: Answer, now: float) -> Outcome:
    """What a status says of a message."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(sent=True)
    problem = f"what is at SLACK_WEBHOOK_URL answers status {status}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Outcome(sent=False, problem=f"{problem}, a redirect: set the address it leads to")
    if status == HTTPStatus.TOO_MANY_REQUESTS or "retry-after" in answer.headers:
        wait = wait_of(answer.headers.get("retry-after", ""), now)
        return Outcome(
            sent=False, problem=f"{problem} and wants {wait:.0f} s of rest", silence=wait
        )
    return Outcome(
        sent=False,
        problem=problem,
        others_may_pass=status < HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def wait_of(retry_after: str, now: float) -> float:
    """The seconds that a Retry-After asks for, as a number or as a date; a minute if unreadable."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - now
        except (ValueError, OverflowError):
            seconds = 60.0
    if seconds != seconds:  # noqa: PLR0124 - only NaN differs from itself
        seconds = 60.0
    return min(max(seconds, _SHORTEST_WAIT), LONGEST_SILENCE)


def _is_on_this_machine(address: str) -> bool:
    try:
        return urlsplit(address).hostname in _ON_THIS_MACHINE
    except ValueError:
        return False
