"""Champion and challenger: what outcomes say of the two, and what is recommended."""

from dataclasses import replace

import numpy as np
import pytest

from titanic_model.comparison import mcnemar
from titanic_model.experiments import (
    Arm,
    ExperimentPolicy,
    compare_arms,
    compare_pairs,
    recommend,
    uneven,
)
from titanic_model.resampling import Interval
from titanic_model.sequential import about, outcomes_to_tell

POLICY = ExperimentPolicy(outcomes=100, minimum_gain=0.002)


@pytest.fixture
def contest():
    """Two that are equal, as far as four hundred passengers show."""
    chance = np.random.default_rng(1)
    true = chance.uniform(0.1, 0.9, 400)
    said = [np.clip(true + chance.normal(0, 0.1, 400), 0.01, 0.99) for _ in range(2)]
    return compare_pairs(chance.random(400) < true, *said)


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"outcomes": 99}, "wait", "99 of 100 outcomes"),
        ({"gain": 0.03, "gain_interval": Interval(0.01, 0.05)}, "promote", "beyond chance"),
        ({"gain": 0.03, "gain_interval": Interval(-0.01, 0.07)}, "wait", "may be chance"),
        (
            {"gain": 0.001, "gain_interval": Interval(0.0005, 0.0025)},
            "wait",
            "less than a promotion",
        ),
        ({"gain": 0.001, "gain_interval": Interval(0.0005, 0.0015)}, "keep", "does not gain"),
        ({"gain": -0.03, "gain_interval": Interval(-0.05, -0.01)}, "keep", "it is worse"),
        (
            {
                "gain": 0.03,
                "gain_interval": Interval(0.01, 0.05),
                "accuracy_interval": Interval(-0.1, -0.01),
            },
            "keep",
            "wrong more often",
        ),
        ({"callers": (19, 400)}, "wait", "takes 20 of each"),
    ],
)
def test_what_is_recommended(contest, changes, verdict, words):
    recommendation = recommend(replace(contest, **changes), POLICY)
    assert recommendation.verdict == verdict
    assert words in recommendation.sentence


def test_without_outcomes_there_is_nothing_to_recommend():
    recommendation = recommend(None, POLICY)
    assert (recommendation.verdict, "0 of 100" in recommendation.sentence) == ("wait", True)


def test_the_course_ends_where_the_contest_stands(contest):
    last = contest.course[-1]
    assert last.outcomes == contest.outcomes == 400
    assert last.gain == pytest.approx(contest.gain)
    assert last.interval.low == pytest.approx(contest.gain_interval.low)
    assert [step.outcomes for step in contest.course] == sorted(
        {step.outcomes for step in contest.course}
    )


def test_swapping_the_two_turns_every_figure_round():
    chance = np.random.default_rng(2)
    truth, one, other = chance.random(300) < 0.4, chance.random(300), chance.random(300)
    there, back = compare_pairs(truth, one, other), compare_pairs(truth, other, one)
    assert there.gain == pytest.approx(-back.gain)
    assert there.gain_interval.low == pytest.approx(-back.gain_interval.high)
    assert there.accuracy_difference == pytest.approx(-back.accuracy_difference)
    assert (there.only_challenger_right, there.p_value) == (back.only_champion_right, back.p_value)


def test_a_single_outcome_breaks_nothing():
    contest = compare_pairs(np.array([True]), np.array([0.4]), np.array([0.9]))
    assert (contest.outcomes, contest.only_challenger_right) == (1, 1)
    assert recommend(contest, POLICY).verdict == "wait"


def test_two_that_always_say_the_same_gain_nothing():
    truth, said = np.arange(200) % 3 == 0, np.full(200, 0.3)
    contest = compare_pairs(truth, said, said)
    assert (contest.gain, contest.p_value) == (0, 1)
    assert recommend(contest, POLICY).verdict == "keep"


def test_of_many_disagreements_the_test_is_the_exact_one():
    assert uneven(530, 470) == pytest.approx(mcnemar(530, 470))
    assert uneven(560, 500) == pytest.approx(mcnemar(560, 500), rel=0.02)
    assert uneven(50_000, 60_000) < 1e-100


def test_a_smaller_difference_takes_more_outcomes_to_tell():
    needed = [outcomes_to_tell(gain, 0.3) for gain in (0.1, 0.05, 0.01)]
    assert needed == sorted(needed)
    assert outcomes_to_tell(-0.05, 0.3) == needed[1]
    assert outcomes_to_tell(0, 0.3) is None
    assert about(outcomes_to_tell(1e-9, 0.3)) == "more than 10,000,000"


def test_many_passengers_of_a_few_callers_tell_little():
    chance = np.random.default_rng(3)
    truth, said = chance.random(1000) < 0.4, np.full(1000, 0.4)
    by_many = Arm(truth, said, np.arange(1000))
    by_few = Arm(truth, said, np.repeat(np.arange(25), 40))

    def width(contest):
        return contest.gain_interval.high - contest.gain_interval.low

    assert width(compare_arms(by_few, by_few)) > width(compare_arms(by_many, by_many))
    assert compare_arms(by_few, by_many).callers == (25, 1000)


def test_a_clear_winner_among_callers_is_found():
    chance = np.random.default_rng(4)
    true = np.where(chance.random(3000) < 0.5, 0.9, 0.1)
    truth, caller = chance.random(3000) < true, np.arange(3000) % 300
    contest = compare_arms(Arm(truth, np.full(3000, 0.5), caller), Arm(truth, true, caller))
    assert recommend(contest, POLICY).verdict == "promote"
    assert contest.p_value is None
