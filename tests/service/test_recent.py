"""Matching outcomes with the predictions they are about."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bento_service.recent import Match, RecentPredictions

KNOWN, UNKNOWN = Match(known=True), Match(known=False)
REPEATED = Match(known=True, repeated=True)
CONTRADICTING = Match(known=True, repeated=True, contradicts=True)


@pytest.fixture
def recent(tmp_path):
    return RecentPredictions(tmp_path)


def remember_batch(recent, request_id, survived):
    recent.remember_many(request_id, np.arange(len(survived)), np.array(survived, bool))


def test_the_first_word_on_each_prediction_counts(recent):
    recent.remember("a", True)
    assert recent.outcome("a", False) == KNOWN
    assert recent.outcome("a", False) == REPEATED
    assert recent.outcome("a", True) == CONTRADICTING
    assert recent.outcomes == 1
    assert recent.rolling_accuracy == 0


def test_what_was_never_predicted_is_not_known(recent):
    assert recent.outcome("a", True) == UNKNOWN
    assert recent.rolling_accuracy is None


def test_rows_of_a_batch_have_outcomes_of_their_own(recent):
    remember_batch(recent, "batch", [True, False, True])
    assert recent.outcome("batch.0", True) == KNOWN
    assert recent.outcome("batch.1", True) == KNOWN
    assert recent.outcome("batch.3", True) == UNKNOWN
    assert recent.outcome("batch", True) == UNKNOWN
    assert recent.rolling_accuracy == 0.5


def test_a_row_that_was_asked_alone_is_known_alike(recent):
    recent.remember("lookup.7", True)
    assert recent.outcome("lookup.7", True) == KNOWN
    recent.remember("v1.2.x", False)
    assert recent.outcome("v1.2.x", False) == KNOWN


@pytest.mark.parametrize("again", ["one", "batch"])
def test_asking_again_under_the_same_id_does_not_open_its_outcome_again(recent, again):
    recent.remember("a.0", True)
    recent.outcome("a.0", True)
    if again == "one":
        recent.remember("a.0", True)
    else:
        remember_batch(recent, "a", [True])
    assert recent.outcome("a.0", False) == CONTRADICTING
    assert recent.rolling_accuracy == 1


def test_the_accuracy_is_that_of_the_last_five_hundred(recent):
    for number in range(1500):
        recent.remember(str(number), True)
        recent.outcome(str(number), number >= 1125)
    assert recent.outcomes == 500
    assert recent.rolling_accuracy == 0.75


def test_a_whole_large_batch_is_remembered(recent):
    remember_batch(recent, "batch", [True] * 10_000)
    assert all(recent.outcome(f"batch.{row}", True) == KNOWN for row in range(10_000))


def test_nine_in_ten_of_fifty_thousand_are_remembered(recent):
    for number in range(50_000):
        recent.remember(f"request-{number}", True)
    known = sum(recent.outcome(f"request-{number}", True).known for number in range(500))
    assert known > 430


def test_another_worker_knows_what_this_one_predicted(recent, tmp_path):
    other = RecentPredictions(tmp_path)
    recent.remember("a", True)
    assert other.outcome("a", True) == KNOWN
    assert recent.outcome("a", True) == REPEATED
    assert recent.rolling_accuracy == other.rolling_accuracy == 1


def test_predictions_and_batches_in_threads_spoil_no_slot(recent):
    def ask(number):
        remember_batch(recent, f"batch-{number}", [True, False] * 50)
        recent.remember(f"one-{number}", True)
        return recent.outcome(f"one-{number}", True), recent.outcome(f"batch-{number}.1", True)

    with ThreadPoolExecutor(8) as threads:
        matches = list(threads.map(ask, range(50)))
    assert all(match == (KNOWN, KNOWN) for match in matches)
    assert recent.outcomes == 100
    assert recent.rolling_accuracy == 0.5
