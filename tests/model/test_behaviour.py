"""Behaviour tests: a sound model passes, and each kind of broken one is caught."""

import numpy as np
import pytest

from titanic_model.behaviour import behaviours
from titanic_model.features import FEATURES


class Twisted:
    """A scorer that does something wrong with what it is given."""

    def __init__(self, twist):
        self.score = twist


def failed(scorer):
    return {behaviour.name for behaviour in behaviours(scorer) if not behaviour.passed}


def feature(rows, name):
    return rows[:, FEATURES.index(name)]


def test_the_trained_model_behaves(scorer):
    assert failed(scorer) == set()


def test_each_says_what_was_measured_and_why(scorer):
    found = behaviours(scorer)
    assert {behaviour.kind for behaviour in found} == {"invariance", "direction", "minimum"}
    assert len({behaviour.name for behaviour in found}) == len(found)
    assert all(behaviour.explanation.endswith(".") for behaviour in found)


def test_turned_answers_are_caught(scorer):
    found = failed(Twisted(lambda rows: 1 - scorer.score(rows)))
    assert {"women before men", "a lady of the first class survives"} <= found


@pytest.mark.parametrize(
    ("column", "behaviour"),
    [
        ("female", "women before men"),
        ("pclass", "first class before third"),
        ("family_size", "large families fare worse"),
        ("age", "boys before men"),
    ],
)
def test_a_model_that_rates_one_thing_the_wrong_way_is_caught(column, behaviour):
    sign = -1 if column == "female" else 1

    def wrong(rows):
        return 1 / (1 + np.exp(-sign * np.nan_to_num(feature(rows, column), nan=20)))

    assert behaviour in failed(Twisted(wrong))


def test_a_model_that_looks_at_the_company_is_caught(scorer):
    found = failed(Twisted(lambda rows: scorer.score(rows) + len(rows) / 1000))
    assert "company in a batch does not matter" in found


def test_a_model_that_answers_no_number_is_caught(scorer):
    def silent(rows):
        return np.where(np.isnan(feature(rows, "age")), np.nan, scorer.score(rows))

    assert "every passenger gets a probability" in failed(Twisted(silent))


def test_a_model_with_no_opinion_is_caught():
    found = failed(Twisted(lambda rows: np.full(len(rows), 0.5)))
    assert {"women before men", "a man alone in third class does not"} <= found
