"""Matching outcomes with the predictions they are about."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bento_service.recent import Match, RecentPredictions
from titanic_model.metrics import THRESHOLD

ME, ANOTHER = "me", "another"
YES, NO = 0.9, 0.2
KNOWN, UNKNOWN = Match(known=True), Match(known=False)
REPEATED = Match(known=True, repeated=True)
CONTRADICTING = Match(known=True, repeated=True, contradicts=True)


@pytest.fixture
def recent(tmp_path):
    return RecentPredictions(tmp_path)


def remember_batch(recent, request_id, survived):
    recent.remember_many(ME, request_id, np.arange(len(survived)), np.where(survived, YES, NO))


def test_the_first_word_on_each_prediction_counts(recent):
    recent.remember(ME, "a", YES)
    assert recent.outcome(ME, "a", False) == KNOWN
    assert recent.outcome(ME, "a", False) == REPEATED
    assert recent.outcome(ME, "a", True) == CONTRADICTING
    assert recent.rolling.outcomes == 1
    assert recent.rolling.accuracy == 0


def test_what_was_never_predicted_is_not_known(recent):
    assert recent.outcome(ME, "a", True) == UNKNOWN
    assert recent.rolling is None


def test_nobody_has_a_word_on_what_another_was_told(recent):
    recent.remember(ME, "a", YES)
    remember_batch(recent, "batch", [True])
    for request_id in ("a", "batch.0"):
        assert recent.outcome(ANOTHER, request_id, False) == UNKNOWN
        assert recent.outcome(ME, request_id, True) == KNOWN
    assert recent.rolling.accuracy == 1


def test_two_who_ask_under_the_same_id_have_predictions_of_their_own(recent):
    recent.remember(ME, "a", YES)
    recent.remember(ANOTHER, "a", NO)
    assert recent.outcome(ME, "a", True) == KNOWN
    assert recent.outcome(ANOTHER, "a", False) == KNOWN
    assert recent.rolling.accuracy == 1


def test_a_caller_that_is_no_unicode_is_one_as_well(recent):
    recent.remember("\ud800", "a", YES)
    assert recent.outcome("\ud801", "a", True) == UNKNOWN
    assert recent.outcome("\ud800", "a", True) == KNOWN


def test_where_a_prediction_lies_is_another_in_each_service(recent, tmp_path):
    # Else somebody could look, in peace, for an id of theirs that is taken for another's.
    (tmp_path / "elsewhere").mkdir()
    elsewhere = RecentPredictions(tmp_path / "elsewhere")
    files = [folder / "recent-predictions" for folder in (tmp_path, tmp_path / "elsewhere")]
    for each in (recent, elsewhere):
        each.remember(ME, "a", YES)
    slots = [np.flatnonzero(np.frombuffer(file.read_bytes(), "<u8", 1 << 19)) for file in files]
    assert slots[0].tolist() != slots[1].tolist()


def test_rows_of_a_batch_have_outcomes_of_their_own(recent):
    remember_batch(recent, "batch", [True, False, True])
    assert recent.outcome(ME, "batch.0", True) == KNOWN
    assert recent.outcome(ME, "batch.1", True) == KNOWN
    assert recent.outcome(ME, "batch.3", True) == UNKNOWN
    assert recent.outcome(ME, "batch", True) == UNKNOWN
    assert recent.rolling.accuracy == 0.5


def test_a_row_that_was_asked_alone_is_known_alike(recent):
    recent.remember(ME, "lookup.7", YES)
    assert recent.outcome(ME, "lookup.7", True) == KNOWN
    recent.remember(ME, "v1.2.x", NO)
    assert recent.outcome(ME, "v1.2.x", False) == KNOWN


@pytest.mark.parametrize("again", ["one", "batch"])
def test_asking_again_under_the_same_id_does_not_open_its_outcome_again(recent, again):
    recent.remember(ME, "a.0", YES)
    recent.outcome(ME, "a.0", True)
    if again == "one":
        recent.remember(ME, "a.0", YES)
    else:
        remember_batch(recent, "a", [True])
    assert recent.outcome(ME, "a.0", False) == CONTRADICTING
    assert recent.rolling.accuracy == 1


def test_the_accuracy_is_that_of_the_last_five_hundred(recent):
    for number in range(1500):
        recent.remember(ME, str(number), YES)
        recent.outcome(ME, str(number), number >= 1125)
    assert recent.rolling.outcomes == 500
    assert recent.rolling.accuracy == 0.75


def test_calibration_and_brier_are_those_of_the_chances_said(recent):
    recent.remember(ME, "a", 0.75)
    recent.remember_many(ME, "b", np.arange(2), np.array([0.25, 1.0]))
    for request_id, survived in (("a", True), ("b.0", True), ("b.1", False)):
        recent.outcome(ME, request_id, survived)
    # Chances are kept in 127 steps.
    assert recent.rolling.gap == pytest.approx((0.75 + 0.25 + 1.0 - 2) / 3, abs=0.004)
    brier = (0.25**2 + 0.75**2 + 1.0**2) / 3
    assert recent.rolling.brier == pytest.approx(brier, abs=0.004)


@pytest.mark.parametrize("chance", [0.0, 0.4999999, 0.5, 0.5000001, 1.0])
def test_what_was_said_at_the_very_threshold_stays_said(recent, chance):
    recent.remember(ME, "a", chance)
    recent.remember_many(ME, "b", np.arange(1), np.array([chance]))
    for request_id in ("a", "b.0"):
        recent.outcome(ME, request_id, chance >= THRESHOLD)
    assert recent.rolling.accuracy == 1


def test_a_whole_large_batch_is_remembered(recent):
    remember_batch(recent, "batch", [True] * 10_000)
    assert all(recent.outcome(ME, f"batch.{row}", True) == KNOWN for row in range(10_000))


def test_nine_in_ten_of_fifty_thousand_are_remembered(recent):
    for number in range(50_000):
        recent.remember(ME, f"request-{number}", YES)
    known = sum(recent.outcome(ME, f"request-{number}", True).known for number in range(500))
    assert known > 430


def test_another_worker_knows_what_this_one_predicted(recent, tmp_path):
    other = RecentPredictions(tmp_path)
    recent.remember(ME, "a", YES)
    assert other.outcome(ME, "a", True) == KNOWN
    assert recent.outcome(ME, "a", True) == REPEATED
    assert recent.rolling.accuracy == other.rolling.accuracy == 1


def test_predictions_and_batches_in_threads_spoil_no_slot(recent):
    def ask(number):
        remember_batch(recent, f"batch-{number}", [True, False] * 50)
        recent.remember(ME, f"one-{number}", YES)
        return [recent.outcome(ME, each, True) for each in (f"one-{number}", f"batch-{number}.1")]

    with ThreadPoolExecutor(8) as threads:
        matches = [match for both in threads.map(ask, range(50)) for match in both]
    # Now and then two have the same slot, and the later one is remembered.
    assert matches.count(KNOWN) >= 95
    assert matches.count(KNOWN) + matches.count(UNKNOWN) == 100
    assert recent.rolling.outcomes == matches.count(KNOWN)
    assert recent.rolling.accuracy == pytest.approx(0.5, abs=0.05)
