"""Cross-validation, and the traps that make it lie."""

import csv
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold

from titanic_model.families import Candidate
from titanic_model.features import FEATURES
from titanic_model.folds import FOLDS, SexAlone, by_ticket, cross_validate, stratified
from titanic_model.gates import Bars
from titanic_model.metrics import measure
from titanic_model.schemas import PACKAGED_LIST

LOGISTIC = Candidate("logistic", {"C": 0.1})
FOREST = Candidate("random_forest", {"min_samples_leaf": 2, "max_features": "sqrt"})


def test_each_passenger_is_left_out_once_per_repeat(data):
    tested = np.concatenate([test for _, test in stratified(data, 2, seed=1)])
    assert np.bincount(tested).tolist() == [2] * len(data)


def test_folds_are_shuffled_because_the_list_is_sorted_by_class(data):
    ticket_class = data.matrix[:, FEATURES.index("pclass")]
    assert (np.diff(ticket_class) >= 0).all(), "the packaged list is sorted: the trap is there"
    for folds in (stratified, by_ticket):
        for _, test in folds(data, 1, seed=1):
            assert len(np.unique(ticket_class[test])) == 3
            assert ticket_class[test].mean() == pytest.approx(ticket_class.mean(), abs=0.2)


def test_unshuffled_folds_of_this_list_would_scatter_widely(data):
    unshuffled = np.array_split(np.arange(len(data)), FOLDS)
    everybody = np.arange(len(data))
    naive = cross_validate(
        partial(LOGISTIC.build, 0),
        data,
        ((np.setdiff1d(everybody, test), test) for test in unshuffled),
    )
    ours = cross_validate(partial(LOGISTIC.build, 0), data, stratified(data, 1, 0))
    assert naive.deviation.accuracy > 2 * ours.deviation.accuracy


def test_families_stay_on_one_side_of_a_fold(data):
    for train, test in by_ticket(data, 2, seed=1):
        assert not set(data.tickets[train]) & set(data.tickets[test])


def test_families_apart_make_a_model_look_better(data):
    apart = cross_validate(partial(FOREST.build, 0), data, stratified(data, 1, 0))
    together = cross_validate(partial(FOREST.build, 0), data, by_ticket(data, 1, 0))
    assert apart.mean.log_loss < together.mean.log_loss


def test_sex_alone_is_right_for_78_in_100(data):
    baseline = cross_validate(SexAlone, data, stratified(data, 1, 0))
    assert baseline.mean.accuracy == pytest.approx(0.780, abs=0.002)


def test_resampling_before_splitting_inflates_and_ours_does_not(data):
    filled = SimpleImputer(strategy="median").fit_transform(data.matrix)
    matrix, survived = SMOTE(random_state=0).fit_resample(filled, data.survived)
    leaky = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(matrix, survived):
        model = FOREST.build(0).fit(matrix[train], survived[train])
        leaky.append(measure(survived[test], model.predict_proba(matrix[test])[:, 1]))
    within = replace(FOREST, imbalance="smote")
    ours = cross_validate(partial(within.build, 0), data, stratified(data, 1, 0))
    without = cross_validate(partial(FOREST.build, 0), data, stratified(data, 1, 0))
    assert len(ours.left_out) == len(data), "only real passengers are ever measured"
    assert np.mean([fold.accuracy for fold in leaky]) > ours.mean.accuracy + 0.015
    assert ours.mean.accuracy == pytest.approx(without.mean.accuracy, abs=0.02)


def test_a_known_boat_would_be_too_good_to_be_true(data):
    with PACKAGED_LIST.open(newline="") as file:
        boat = np.array([[bool(row["boat"])] for row in csv.DictReader(file)], np.float32)
    leaking = replace(data, matrix=np.hstack([data.matrix, boat]))
    figures = cross_validate(partial(LOGISTIC.build, 0), leaking, stratified(leaking, 1, 0)).mean
    honest = cross_validate(partial(LOGISTIC.build, 0), data, stratified(data, 1, 0)).mean
    assert figures.accuracy > 0.95 > Bars().too_good > 0.85 > honest.accuracy
