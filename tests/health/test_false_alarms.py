"""How often chance alone withdraws an honest release, over many draws: never, as far as seen."""

import numpy as np
import pytest

from titanic_assets.releasing.health.chance import latency_of
from titanic_assets.releasing.health.counting import Requests
from titanic_assets.releasing.health.judging import HealthPolicy, judge_errors, judge_latency

POLICY = HealthPolicy()
DRAWS = 300


@pytest.fixture
def draws():
    return np.random.default_rng(5)


def answers(draws, count, times=1.0):
    """Milliseconds with a long tail: one in a hundred takes ten times as long as usual."""
    return [float(each) for each in draws.lognormal(0.0, 1.0, count) * times]


def slow(draws, before, after, times=1.0):
    """The share of draws in which answers that take so many times as long withdraw a release."""
    verdicts = [
        judge_latency(
            latency_of(answers(draws, before)),
            latency_of(answers(draws, after, times)),
            None,
            POLICY,
        )
        for _ in range(DRAWS)
    ]
    return sum(verdict.state == "breach" for verdict in verdicts) / DRAWS


def failing(draws, share_before, share_after, requests):
    """The share of draws in which failing so often withdraws a release."""
    verdicts = [
        judge_errors(
            Requests(2000, int(draws.binomial(2000, share_before))),
            Requests(requests, int(draws.binomial(requests, share_after))),
            POLICY,
        )
        for _ in range(DRAWS)
    ]
    return sum(verdict.state == "breach" for verdict in verdicts) / DRAWS


def test_answers_that_take_as_long_as_before_withdraw_nothing(draws):
    assert slow(draws, 100, 100) == 0
    assert slow(draws, 1000, 1000) == 0


def test_answers_that_take_ten_times_as_long_are_found_among_the_first_hundred(draws):
    assert slow(draws, 1000, 100, times=10) > 0.95


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05])
def test_requests_that_fail_as_often_as_before_withdraw_nothing(draws, share):
    assert failing(draws, share, share, 100) == 0
    assert failing(draws, share, share, 1000) == 0


def test_one_request_in_six_that_fails_is_found_among_the_first_hundred(draws):
    assert failing(draws, 0.0, 1 / 6, 100) > 0.95


def test_a_whole_watch_of_looks_every_ten_seconds_withdraws_nothing_either(draws):
    """However often somebody looks: bounds that are wrong now and then would be by the end."""
    for _ in range(10):
        before = latency_of(answers(draws, 1000))
        after = answers(draws, 1800)
        failed = np.cumsum(draws.random(18_000) < 0.02)
        for look in range(100, 1800, 10):
            recent = latency_of(after[max(0, look - 1000) : look])
            assert judge_latency(before, recent, None, POLICY).state == "healthy"
            requests = Requests(10 * look, int(failed[10 * look - 1]))
            assert judge_errors(Requests(2000, 40), requests, POLICY).state == "healthy"
