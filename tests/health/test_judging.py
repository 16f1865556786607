"""A release is withdrawn for what it does itself, and only when chance could not have done it."""

from dataclasses import replace

import pytest

from titanic_assets.releasing.health.chance import Latency, latency_of
from titanic_assets.releasing.health.counting import Requests
from titanic_assets.releasing.health.judging import (
    Evidence,
    HealthPolicy,
    judge_answers,
    judge_errors,
    judge_latency,
    judge_release,
)
from titanic_assets.releasing.health.same_inputs import SameInputs

POLICY = HealthPolicy()
QUICK = Latency(1000, p95=1.0, at_least=0.9)
SLOW = Latency(1000, p95=12.0, at_least=11.0)


def same(passengers=500, changed=25, unanswered=0, unlike=0, before_ms=0.02, after_ms=0.02):
    return SameInputs(passengers, changed, unanswered, unlike, before_ms, after_ms)


WELL = Evidence(
    requests_before=Requests(1000),
    requests_after=Requests(1000),
    latency_before=QUICK,
    latency_after=QUICK,
    same_inputs=same(),
)


def test_a_release_that_does_as_well_as_the_one_before_is_healthy_and_says_in_figures_why():
    verdict = judge_release(WELL, POLICY)

    assert verdict.state == "healthy"
    assert verdict.sentence == (
        "0 % of 1,000 requests for predictions failed (0 % of 1,000 before it); 25 of 500 "
        "answers about the same passengers are others than before (5.0%); 19 of 20 answers come "
        "within 1.0 ms (1.0 ms before it, on 1,000 and 1,000 answers)"
    )


def test_requests_that_fail_withdraw_it():
    verdict = judge_errors(Requests(1000, 0), Requests(200, 20), POLICY)

    assert verdict.state == "breach"
    assert verdict.sentence == (
        "10.0% of 200 requests for predictions failed (0 % of 1,000 before it)"
    )


def test_requests_that_failed_before_as_well_are_not_its_fault():
    assert judge_errors(Requests(1000, 100), Requests(1000, 110), POLICY).state == "healthy"


def test_a_few_failures_more_than_before_may_be_chance():
    assert judge_errors(Requests(1000, 0), Requests(100, 3), POLICY).state == "healthy"


def test_failures_beyond_chance_and_below_the_bar_are_borne():
    assert judge_errors(Requests(100_000, 0), Requests(100_000, 900), POLICY).state == "healthy"


def test_of_few_requests_nothing_is_said_however_many_fail():
    verdict = judge_errors(Requests(1000, 0), Requests(20, 20), POLICY)

    assert (verdict.state, verdict.sentence) == ("not_enough", "20 of 100 requests were seen")


@pytest.mark.parametrize("before", [Requests(), Requests(3, 3)])
def test_where_hardly_anybody_asked_before_failures_are_judged_by_themselves(before):
    assert judge_errors(before, Requests(100, 40), POLICY).state == "breach"
    assert judge_errors(before, Requests(100, 1), POLICY).state == "healthy"


def test_other_answers_about_the_same_passengers_withdraw_it():
    verdict = judge_answers(same(passengers=200, changed=180), POLICY)

    assert verdict.state == "breach"
    assert verdict.sentence == (
        "180 of 200 answers about the same passengers are others than before (90.0%); at most "
        "25.0% may be"
    )


def test_no_answers_about_passengers_whom_the_other_knows_count_as_other_answers():
    verdict = judge_answers(same(passengers=200, changed=0, unanswered=180), POLICY)

    assert verdict.state == "breach"
    assert "about 180 of them it says nothing" in verdict.sentence


def test_answers_that_differ_now_and_then_are_what_a_new_model_is_for():
    assert judge_answers(same(passengers=2000, changed=490), POLICY).state == "healthy"


def test_changed_answers_just_over_the_bar_may_be_chance():
    assert judge_answers(same(passengers=100, changed=27), POLICY).state == "healthy"


def test_of_a_few_different_passengers_all_may_be_borderline_cases():
    verdict = judge_answers(same(passengers=12, changed=12, unlike=700), POLICY)

    assert verdict.state == "not_enough"
    assert verdict.sentence == (
        "only 12 different passengers like those it was trained on are in the log, and 700 unlike "
        "these"
    )


def test_who_sets_fewer_predictions_is_judged_on_fewer_passengers():
    eager = replace(POLICY, predictions=10)

    assert judge_answers(same(passengers=12, changed=12), eager).state == "breach"


def test_releases_that_cannot_be_compared_are_not_called_well():
    assert judge_release(replace(WELL, same_inputs=None), POLICY).state == "not_enough"


def test_slow_answers_withdraw_a_slow_model():
    verdict = judge_latency(QUICK, SLOW, same(after_ms=9.0), POLICY)

    assert verdict.state == "breach"
    assert verdict.sentence == (
        "19 of 20 answers come within 12.0 ms (1.0 ms before it, on 1,000 and 1,000 answers), over "
        "3 times as long; by itself the model takes 9.00 ms for one passenger, the one before "
        "0.02 ms"
    )


def test_slow_answers_of_a_quick_model_are_the_machines_fault():
    verdict = judge_latency(QUICK, SLOW, same(after_ms=0.03), POLICY)

    assert verdict.state == "healthy"
    assert verdict.sentence.endswith(
        "but that is not the model: by itself it takes 0.03 ms for one passenger, the one before "
        "0.02 ms. Look at the machine"
    )


def test_slow_answers_count_where_the_models_cannot_be_asked_side_by_side():
    assert judge_latency(QUICK, SLOW, None, POLICY).state == "breach"


def test_many_times_as_slow_is_borne_while_nobody_notices():
    before, after = Latency(1000, 0.2, 0.2), Latency(1000, 4.9, 4.8)

    assert judge_latency(before, after, same(after_ms=4.0), POLICY).state == "healthy"


def test_answers_that_were_slow_before_may_be_as_slow():
    assert judge_latency(SLOW, SLOW, same(), POLICY).state == "healthy"


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (QUICK, None, "0 of 100 single answers of it"),
        (QUICK, replace(SLOW, answers=99), "99 of 100 single answers of it"),
        (None, SLOW, "0 of 100 single answers of the one before"),
    ],
)
def test_of_few_answers_nothing_is_said_however_slow_they_are(before, after, missing):
    verdict = judge_latency(before, after, same(after_ms=9.0), POLICY)

    assert (verdict.state, verdict.sentence) == ("not_enough", missing)


def test_a_single_slow_answer_and_a_noisy_start_are_no_slow_release():
    hiccup = latency_of([1.0] * 99 + [4000.0])
    noisy_start = latency_of([300.0] * 8 + [1.0] * 92)

    for after in (hiccup, noisy_start):
        assert judge_latency(QUICK, after, same(after_ms=9.0), POLICY).state == "healthy"


def test_what_breaks_one_bar_is_told_alone_and_what_is_missing_before_what_is_well():
    broken = replace(WELL, same_inputs=same(changed=400), latency_after=None)
    waiting = replace(WELL, latency_after=None)

    assert judge_release(broken, POLICY).sentence.startswith("400 of 500 answers")
    assert "answers of it" not in judge_release(broken, POLICY).sentence
    assert judge_release(waiting, POLICY).state == "not_enough"
    assert judge_release(waiting, POLICY).sentence == "0 of 100 single answers of it"
