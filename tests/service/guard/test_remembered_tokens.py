import time

import pytest
from pydantic import SecretStr

from bento_service.guard.bearers import REMEMBERED_SECONDS, REMEMBERED_TOKENS, BearerCallers
from bento_service.guard.secret_key import SecretKey
from bento_service.guard.tokens import Expected
from bento_service.http import Refused
from tests.service.guard.asking import SECRET, a_token, bearing, wait_until

EXPECTED = Expected("titanic-survival", None)


class WatchedKey(SecretKey):
    """Knows how often it was looked for: once for each token that is not remembered."""

    looked_for = 0

    def find(self, token):
        self.looked_for += 1
        return super().find(token)


@pytest.fixture
def key():
    return WatchedKey(SecretStr(SECRET))


def test_a_token_is_looked_at_once(key):
    callers = BearerCallers(key, EXPECTED)
    token = a_token()

    assert {callers.identify({}, bearing(token)).key for _ in range(5)} == {"somebody"}
    assert key.looked_for == 1


def test_a_remembered_token_is_looked_at_again_after_a_minute(key):
    now = time.time()
    callers = BearerCallers(key, EXPECTED, clock=lambda: now)
    token = a_token()
    callers.identify({}, bearing(token))

    now += REMEMBERED_SECONDS - 0.1
    callers.identify({}, bearing(token))
    assert key.looked_for == 1
    now += 0.2
    callers.identify({}, bearing(token))
    assert key.looked_for == 2


def test_a_remembered_token_ends_when_it_says_so(key):
    callers = BearerCallers(key, EXPECTED)
    end = int(time.time()) + 1
    token = a_token(exp=end)
    answered = []

    def refused():
        answered.append(time.time())
        try:
            return not callers.identify({}, bearing(token))
        except Refused:
            return True

    wait_until(refused)
    assert answered[-1] >= end
    assert answered[-2] <= end + 0.05


def test_only_so_many_tokens_are_remembered_and_the_latest_used_stay(key):
    callers = BearerCallers(key, EXPECTED)
    first, second = a_token(sub="first"), a_token(sub="second")
    callers.identify({}, bearing(first))
    callers.identify({}, bearing(second))
    for number in range(REMEMBERED_TOKENS - 2):
        callers.identify({}, bearing(a_token(sub=f"caller {number}")))
    callers.identify({}, bearing(first))
    callers.identify({}, bearing(a_token(sub="one too many")))
    looked_for = key.looked_for

    callers.identify({}, bearing(first))
    assert key.looked_for == looked_for
    callers.identify({}, bearing(second))
    assert key.looked_for == looked_for + 1


def test_a_refused_token_is_not_remembered_as_good(key):
    callers = BearerCallers(key, EXPECTED)
    for _ in range(2):
        with pytest.raises(Refused):
            callers.identify({}, bearing(a_token(aud="somebody-else")))
