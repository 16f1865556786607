"""Metrics, against scikit-learn's and against figures worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from titanic_model.metrics import (
    calibration,
    calibration_error,
    measure,
    roc_auc,
)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.9, 1.0])), min_size=2)
)
def test_every_metric_is_scikit_learns(rows):
    truth = np.array([survived for survived, _ in rows], dtype=np.int8)
    probability = np.array([chance for _, chance in rows])
    ours = measure(truth, probability)
    assert ours.accuracy == pytest.approx(sk.accuracy_score(truth, probability >= 0.5))
    assert ours.brier == pytest.approx(sk.brier_score_loss(truth, probability))
    sure = np.clip(probability, 1e-7, 1 - 1e-7)
    assert ours.log_loss == pytest.approx(sk.log_loss(truth, sure, labels=[0, 1]), rel=1e-6)
    if len(set(truth)) == 2:
        assert ours.roc_auc == pytest.approx(sk.roc_auc_score(truth, probability))
    else:
        assert math.isnan(ours.roc_auc)


def test_a_float32_certainty_costs_a_finite_loss():
    assert measure(np.array([0]), np.array([1.0], np.float32)).log_loss == pytest.approx(16.1, 0.01)


def test_one_half_counts_as_survived():
    assert measure(np.array([1, 0]), np.array([0.5, 0.5])).accuracy == 0.5


def test_ties_count_half_in_the_ranking():
    assert roc_auc(np.array([1, 0]), np.array([0.3, 0.3])) == 0.5


def test_calibration_counts_each_passenger_once():
    probability = np.array([0.0, 0.05, 0.1, 0.95, 1.0])
    truth = np.array([0, 1, 0, 1, 1])
    bins = calibration(truth, probability)
    assert [(part.low, part.passengers) for part in bins] == [
        (0.0, 2),
        (pytest.approx(0.1), 1),
        (pytest.approx(0.9), 2),
    ]
    assert bins[0].observed == 0.5
    assert calibration_error(bins) == pytest.approx((2 * 0.475 + 0.1 + 2 * 0.025) / 5)
