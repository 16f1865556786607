"""The exported model, loaded: what it takes and what it says about what it cannot take."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from titanic_model.features import FEATURES
from titanic_model.latency import microseconds_per_passenger
from titanic_model.scorer import Scorer, UnusableModel


def test_one_number_comes_out_for_each_row(data, scorer):
    assert scorer.columns == len(FEATURES)
    assert scorer.score(data.matrix[:0]).shape == (0,)
    scores = scorer.score(data.matrix)
    assert scores.shape == (len(data),)
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()


def test_threads_share_a_scorer(data, scorer):
    expected = scorer.score(data.matrix)
    with ThreadPoolExecutor(4) as threads:
        for scores in threads.map(scorer.score, [data.matrix] * 16):
            np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize("rows", [np.zeros((2, 3), np.float32), np.zeros(28, np.float32)])
def test_rows_of_another_width_are_refused(scorer, rows):
    with pytest.raises(UnusableModel, match="another feature version"):
        scorer.score(rows)


@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_bytes_that_are_no_model_are_refused(content):
    with pytest.raises(UnusableModel, match="cannot load"):
        Scorer(content)


def test_another_kind_of_model_is_refused():
    rows = np.array([[0.0], [1.0]], np.float32)
    stranger = to_onnx(LogisticRegression().fit(rows, [0, 1]), rows).SerializeToString()
    with pytest.raises(UnusableModel, match="should go from features to probability"):
        Scorer(stranger)


def test_one_passenger_takes_microseconds(scorer):
    assert 0.1 < microseconds_per_passenger(scorer) < 500
