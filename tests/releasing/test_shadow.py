"""What a challenger has to show in shadow before it takes the champion's place."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from tests.prediction_log.lines import a_line
from titanic_assets.releasing.health.chance import latency_of
from titanic_assets.releasing.shadow import (
    ShadowPolicy,
    ShadowScores,
    compare_scores,
    judge_trial,
)
from titanic_model.events import PredictionEvent

POLICY = ShadowPolicy(minutes=30, predictions=200, missed=0.01, slowdown=3)
QUICK = latency_of([1.0] * 200)
GOOD = ShadowScores(0.0, 200, 0, QUICK, QUICK)
HALF_AN_HOUR = 1800.0


def events(*asked):
    """Predictions by champion 3, and by challenger 5 where it is said by which: `(at, "both")`."""
    read = TypeAdapter(PredictionEvent).validate_json
    found = []
    for number, (at, by, *ways) in enumerate(asked):
        what = {"request_id": f"r{number}", "way": ways[0] if ways else "predict"}
        found.append(read(a_line(at, version="3", **what)))
        if by == "both":
            found.append(read(a_line(at + 0.001, version="5", latency_ms=1.2, **what)))
    return found


def judge(scores=GOOD, *, since=0.0, now=HALF_AN_HOUR, policy=POLICY):
    return judge_trial(scores, since, now, policy)


def test_long_enough_often_enough_whole_and_quick_is_passed():
    trial = judge()
    assert trial.state == "passed"
    assert "30.0 minutes and scored 200 predictions" in trial.sentence


@pytest.mark.parametrize(
    ("scores", "changes", "state", "words"),
    [
        (ShadowScores(), {"since": None}, "waiting", "CHALLENGER_MODE=shadow"),
        (GOOD, {"now": HALF_AN_HOUR - 60}, "waiting", "29.0 of 30 minutes"),
        (replace(GOOD, scored=199), {}, "waiting", "199 of 200 predictions"),
        (replace(GOOD, missed=3), {}, "unfit", "left out 3 of 203"),
        (replace(GOOD, challenger=latency_of([50.0] * 200)), {}, "unfit", "too slow"),
    ],
)
def test_what_is_missing_is_said(scores, changes, state, words):
    trial = judge(scores, **changes)
    assert trial.state == state
    assert words in trial.sentence


def test_a_few_that_were_left_out_or_slow_are_nobodys_fault():
    assert judge(replace(GOOD, missed=2)).state == "passed"
    some_slow = latency_of([1.0] * 185 + [80.0] * 15)
    assert judge(replace(GOOD, challenger=some_slow)).state == "passed"
    unnoticed = replace(GOOD, challenger=latency_of([4.0] * 200))
    assert judge(unnoticed).state == "passed"


def test_where_only_batches_are_asked_nothing_is_said_of_how_quick_it_is():
    assert judge(replace(GOOD, champion=None, challenger=None)).state == "passed"


def test_scores_are_paired_by_request():
    scores = compare_scores(
        events((10, "both"), (11, "both", "batch_predict"), (12, "champion"), (60, "both")),
        "3",
        "5",
    )
    assert (scores.first, scores.scored, scores.missed) == (10.001, 3, 1)
    assert scores.champion.answers == scores.challenger.answers == 2
    assert (scores.champion.p95, scores.challenger.p95) == (1.0, 1.2)


def test_what_came_before_the_shadow_or_just_now_is_not_left_out():
    scores = compare_scores(events((1, "champion"), (10, "both"), (14, "champion")), "3", "5")
    assert (scores.scored, scores.missed) == (1, 0)


def test_without_the_challenger_there_is_nothing_to_see():
    assert compare_scores(events((1, "champion")), "3", "5") == ShadowScores()
    assert compare_scores([], "3", "5") == ShadowScores()
