"""Candidate against champion on the same passengers."""

import numpy as np
import pytest
from scipy.stats import binomtest

from titanic_model.comparison import compare_models, mcnemar


@pytest.fixture(scope="module")
def held_out(data):
    return data.held_out_part


def towards_the_truth(held_out, scores, step):
    return np.clip(scores + step * (2 * held_out.survived - 1.0), 0.01, 0.99)


def test_a_better_model_gains_and_a_worse_one_loses_as_much(held_out, scorer):
    scores = scorer.score(held_out.matrix)
    better = towards_the_truth(held_out, scores, 0.1)
    won = compare_models(held_out, candidate=better, champion=scores)
    lost = compare_models(held_out, candidate=scores, champion=better)
    assert won.gain > 0.05
    assert won.gain_interval.low > 0
    assert won.gain == pytest.approx(-lost.gain)
    assert won.accuracy_difference == pytest.approx(-lost.accuracy_difference)
    assert won.only_candidate_right == lost.only_champion_right > 0
    assert won.only_champion_right == 0
    assert won.p_value == lost.p_value < 0.05


def test_the_same_model_gains_nothing(held_out, scorer):
    scores = scorer.score(held_out.matrix)
    same = compare_models(held_out, scores, scores)
    assert (same.gain, same.accuracy_difference, same.p_value) == (0, 0, 1)
    assert (same.gain_interval.low, same.gain_interval.high) == (0, 0)


def test_noise_is_not_a_gain(held_out, scorer):
    scores = scorer.score(held_out.matrix)
    noise = np.random.default_rng(0).normal(0, 0.05, len(scores))
    noisy = compare_models(held_out, np.clip(scores + noise, 0.01, 0.99), scores)
    assert noisy.gain_interval.low < 0
    assert noisy.p_value > 0.05


@pytest.mark.parametrize("split", [(0, 0), (0, 1), (0, 6), (2, 9), (7, 7), (30, 10), (1200, 1100)])
def test_the_exact_test_is_scipys(split):
    expected = binomtest(split[0], sum(split)).pvalue if sum(split) else 1.0
    assert mcnemar(*split) == pytest.approx(expected)
