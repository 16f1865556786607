"""Model families: what can be drawn can be built, fitted, stripped and exported."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as ResamplingPipeline

from titanic_model.families import FAMILIES, IMBALANCE, STARTERS, Candidate, without_sampler
from titanic_model.folds import one_thread
from titanic_model.onnx_export import export
from titanic_model.parity import compare
from titanic_model.scorer import Scorer
from titanic_model.search import Budget, propose

DRAWN = {name: family.draw(np.random.default_rng(0)) for name, family in FAMILIES.items()}
GOOD = DRAWN | {candidate.family: candidate.parameters for candidate in STARTERS}


def holds_a_sampler(model):
    members = getattr(model, "estimators_", [])
    steps = [step for _, step in getattr(model, "steps", [])]
    return isinstance(model, (SMOTE, ResamplingPipeline)) or any(
        map(holds_a_sampler, [*members, *steps])
    )


@pytest.mark.parametrize("imbalance", IMBALANCE)
@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_says_the_same_after_export(data, family, imbalance):
    training = data.training_part
    assert np.isnan(training.matrix).any(), "what is missing has to be dealt with"
    with one_thread():
        fitted = Candidate(family, GOOD[family], imbalance).build(7)
        fitted.fit(training.matrix, training.survived)
        before = fitted.predict_proba(data.matrix)
        pipeline = without_sampler(fitted)
        assert not holds_a_sampler(pipeline)
        np.testing.assert_array_equal(pipeline.predict_proba(data.matrix), before)
        parity = compare(pipeline, Scorer(export(pipeline, data.matrix.shape[1])), data.matrix)
    assert parity.largest_difference <= 1e-5
    assert parity.labels_flipped == 0
    assert parity.passengers == len(data)


def test_handling_imbalance_raises_the_chances_given(data):
    training = data.training_part

    def mean_chance(imbalance):
        model = Candidate("logistic", GOOD["logistic"], imbalance).build(7)
        return model.fit(training.matrix, training.survived).predict_proba(data.matrix)[:, 1].mean()

    none, weighted, resampled = map(mean_chance, IMBALANCE)
    assert weighted > none + 0.03
    assert resampled > none + 0.03


def test_known_good_candidates_come_first_and_none_comes_twice():
    candidates = propose(Budget(trials=60))
    assert candidates[: len(STARTERS)] == list(STARTERS)
    assert len({repr(candidate) for candidate in candidates}) == 60
    assert {candidate.family for candidate in candidates} == set(FAMILIES)
    assert {candidate.imbalance for candidate in candidates[len(STARTERS) :]} == set(IMBALANCE)


def test_a_budget_below_the_known_good_ones_is_kept():
    assert propose(Budget(trials=1)) == [STARTERS[0]]


def test_a_larger_budget_only_adds_and_another_seed_differs():
    assert propose(Budget(trials=20, seed=1))[:12] == propose(Budget(trials=12, seed=1))
    assert propose(Budget(trials=12, seed=1)) != propose(Budget(trials=12, seed=2))


def test_every_drawn_candidate_can_be_built_and_written_down():
    for candidate in propose(Budget(trials=60)):
        candidate.build(0)
        assert all(type(value) in (int, float, str) for value in candidate.parameters.values())
