"""What a caller sends, and what comes of it."""

import asyncio
import time

import jwt

from bento_service.http import Refused

SECRET = "a-secret-that-nobody-else-knows-of-32"  # noqa: S105  of the tests
NEAR = {"client": ("127.0.0.1", 50000)}


def claims(**changes):
    """Claims that are accepted, but for the changes; None leaves one out."""
    usual = {
        "sub": "somebody",
        "aud": "titanic-survival",
        "scope": "predict",
        "exp": int(time.time())
        + 21_600,  # some are made hours before their test, when all are found
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def a_token(secret=SECRET, algorithm="HS256", **changes):
    return jwt.encode(claims(**changes), secret, algorithm=algorithm)


def bearing(token):
    return {b"authorization": b"Bearer " + (token if isinstance(token, bytes) else token.encode())}


def ask(callers, token):
    """Who is asking, waiting for keys where that is needed."""

    async def asked():
        found = callers.identify({}, bearing(token))
        return found or await callers.identify_later({}, bearing(token))

    return asyncio.run(asked())


def refusal_of(callers, token):
    try:
        found = ask(callers, token)
    except Refused as refused:
        return refused
    raise AssertionError(f"{found} was let in")


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
