"""Whether a version keeps its promise, from what it said and what happened."""

import numpy as np
import pytest

from titanic_model.outcomes import (
    Promise,
    PromisePolicy,
    figures_of,
    judge_promise,
    share_interval,
)

PROMISE = Promise(accuracy=0.8, log_loss=0.45, passengers=1000)
POLICY = PromisePolicy(outcomes=100, drop=0.05)


def right_about(right, of, said=0.8):
    """So many right answers, each with that chance."""
    survived = np.arange(of) < right
    return figures_of(survived, np.full(of, said))


@pytest.mark.parametrize(
    ("right", "of", "promise", "state"),
    [
        (79, 99, PROMISE, "too_few"),
        (40, 99, PROMISE, "too_few"),
        (80, 100, PROMISE, "as_promised"),
        (72, 100, PROMISE, "as_promised"),  # eight points less of a hundred may be chance
        (67, 100, PROMISE, "worse"),
        (385, 500, PROMISE, "as_promised"),
        (372, 500, PROMISE, "worse"),
        # Beyond chance, and still less than the drop that matters.
        (7600, 10_000, Promise(0.8, 0.45, 1_000_000), "as_promised"),
        # What was measured on thirty may have been luck.
        (70, 100, Promise(0.8, 0.45, 30), "as_promised"),
    ],
)
def test_a_promise_is_broken_by_more_than_chance_and_by_enough_to_matter(right, of, promise, state):
    assert judge_promise(right_about(right, of), promise, POLICY).state == state


def test_no_outcomes_are_too_few():
    kept = judge_promise(None, PROMISE, POLICY)
    assert (kept.state, kept.broken) == ("too_few", False)
    assert "0 of the 100 outcomes" in kept.sentence


def test_chances_that_do_not_mean_what_they_say_break_it_too():
    # Right about all, and the sure 55 % should have been 100.
    kept = judge_promise(right_about(200, 200, said=0.55), PROMISE, POLICY)
    assert kept.state == "miscalibrated"
    assert kept.broken
    assert "45 points off" in kept.sentence


def test_without_a_promise_only_the_chances_are_judged():
    assert judge_promise(right_about(100, 200, said=0.5), None, POLICY).state == "as_promised"
    assert judge_promise(right_about(100, 200, said=0.9), None, POLICY).state == "miscalibrated"


def test_a_gap_is_what_was_said_beyond_what_happened():
    figures = right_about(30, 100, said=0.5)
    assert figures.gap == pytest.approx(0.2)
    assert figures.calibration_error == pytest.approx(0.2)
    assert figures.brier == pytest.approx(0.25)
    assert figures.accuracy_interval == share_interval(30, 100)


@pytest.mark.parametrize("right", [0, 40])
def test_certainty_is_judged_as_anything_else(right):
    survived = np.arange(40) < right
    figures = figures_of(survived, survived.astype(float))
    assert (figures.accuracy, figures.off) == (1, 0)
    interval = figures.accuracy_interval
    assert 0.9 < interval.low < interval.high == 1
    wrong = figures_of(~survived, survived.astype(float))
    assert wrong.accuracy == 0
    assert judge_promise(wrong, PROMISE, PromisePolicy(30, 0.05)).state == "worse"
