"""Explanations: exact, complete, and told with the model's own probabilities."""

from dataclasses import replace
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bento_service.explaining import explain, typical_passenger
from titanic_model.contract import Passenger
from titanic_model.features import INPUTS, derive_row
from titanic_model.reference import FieldReference, describe

TYPICAL = Passenger(pclass=3, sex="male", age=28, fare=14.4583, embarked="S")
LADY = Passenger(
    pclass=1,
    sex="female",
    age=38,
    sibsp=1,
    parch=2,
    fare=71.2833,
    embarked="C",
    name="Cumings, Mrs. John Bradley (Florence Briggs Thayer)",
    cabin="C85",
)

passengers = st.builds(
    Passenger,
    pclass=st.integers(1, 3),
    sex=st.sampled_from(["female", "male"]),
    age=st.none() | st.floats(0, 120),
    sibsp=st.integers(0, 20),
    parch=st.integers(0, 20),
    fare=st.none() | st.floats(0, 2000),
    embarked=st.sampled_from([None, "C", "Q", "S"]),
    name=st.none() | st.text(max_size=200) | st.sampled_from(["Rice, Master. E", "A, Dr. B"]),
    ticket=st.none() | st.text(max_size=64),
    cabin=st.none() | st.text(max_size=64),
)


@pytest.fixture(scope="module")
def scorer(challenger):
    return challenger.scorer()


def shares(explanation):
    return {share.field: share.contribution for share in explanation.contributions}


def by_definition(passenger, reference, score):
    """Each field's contribution, averaged over all orders in which the fields can arrive."""
    moved = [name for name in INPUTS if getattr(passenger, name) != getattr(reference, name)]
    contributions = dict.fromkeys(INPUTS, 0.0)

    def probability(passenger):
        return float(score(derive_row(passenger.model_dump()).reshape(1, -1))[0])

    for order in permutations(moved):
        mixture = reference
        for name in order:
            further = mixture.model_copy(update={name: getattr(passenger, name)})
            contributions[name] += probability(further) - probability(mixture)
            mixture = further
    return {name: total / factorial(len(moved)) for name, total in contributions.items()}


@settings(max_examples=40, deadline=None)
@given(passenger=passengers, reference=passengers)
def test_contributions_add_up_to_the_difference_they_explain(scorer, passenger, reference):
    explanation = explain(passenger, reference, scorer.score)
    difference = explanation.probability - explanation.reference_probability
    assert sum(shares(explanation).values()) == pytest.approx(difference, abs=1e-6)
    for who, probability in (
        (passenger, explanation.probability),
        (reference, explanation.reference_probability),
    ):
        alone = scorer.score(derive_row(who.model_dump()).reshape(1, -1))[0]
        assert probability == pytest.approx(float(alone), abs=1e-6)


@pytest.mark.parametrize(
    "passenger",
    [
        Passenger(pclass=1, sex="female", age=None, fare=80, embarked="C"),
        Passenger(pclass=3, sex="male", age=4, sibsp=4, parch=1, fare=14.4583, embarked="S"),
        Passenger(pclass=3, sex="female", age=28, fare=7, embarked="S", name="B, Mrs. A"),
    ],
)
def test_contributions_are_those_of_the_definition(scorer, passenger):
    found = shares(explain(passenger, TYPICAL, scorer.score))
    assert found == pytest.approx(by_definition(passenger, TYPICAL, scorer.score), abs=1e-6)


def test_all_nine_fields_are_explained_by_one_call_of_the_model(scorer):
    rows = []

    def counting(matrix):
        rows.append(len(matrix))
        return scorer.score(matrix)

    explanation = explain(LADY, TYPICAL, counting)
    assert rows == [2 ** len(INPUTS)]
    assert all(shares(explanation).values())


def test_the_passenger_and_the_reference_can_change_places(scorer):
    there, back = explain(LADY, TYPICAL, scorer.score), explain(TYPICAL, LADY, scorer.score)
    assert shares(back) == pytest.approx(
        {name: -share for name, share in shares(there).items()}, abs=1e-6
    )


def test_fields_that_do_the_same_get_the_same():
    def one_relative_is_as_good_as_another(matrix):
        family = matrix[:, 9]  # siblings, spouses, parents and children
        return (family / 50).astype(np.float32)

    family = TYPICAL.model_copy(update={"sibsp": 3, "parch": 3, "pclass": 1})
    found = shares(explain(family, TYPICAL, one_relative_is_as_good_as_another))
    assert found["sibsp"] == pytest.approx(found["parch"], abs=1e-7)
    assert found["sibsp"] == pytest.approx(0.06, abs=1e-7)
    assert found["pclass"] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("same", [{}, {"ticket": "PC 17599"}, {"name": "no title"}, {"cabin": ""}])
def test_what_the_model_cannot_see_contributes_nothing(scorer, same):
    explanation = explain(TYPICAL.model_copy(update=same), TYPICAL, scorer.score)
    assert set(shares(explanation).values()) == {0.0}
    assert explanation.probability == explanation.reference_probability


def test_an_unknown_age_is_another_than_a_known_one(scorer):
    unknown = explain(TYPICAL.model_copy(update={"age": None}), TYPICAL, scorer.score)
    (age, *others) = unknown.contributions
    assert (age.field, age.value, age.reference_value) == ("age", None, 28)
    assert age.contribution == pytest.approx(unknown.probability - unknown.reference_probability)
    assert {other.contribution for other in others} == {0.0}


def test_the_largest_contribution_comes_first(scorer):
    explanation = explain(LADY, TYPICAL, scorer.score)
    sizes = [abs(share.contribution) for share in explanation.contributions]
    assert sizes == sorted(sizes, reverse=True)
    assert {share.field for share in explanation.contributions} == set(INPUTS)


def test_being_a_woman_raises_it_and_third_class_lowers_it(scorer):
    woman = TYPICAL.model_copy(update={"sex": "female"})
    assert shares(explain(woman, TYPICAL, scorer.score))["sex"] > 0.2
    assert shares(explain(LADY.model_copy(update={"pclass": 3}), LADY, scorer.score))["pclass"] < 0


def test_an_explanation_is_sent_in_numbers_and_words(scorer):
    explanation = explain(LADY, TYPICAL, scorer.score)
    content = explanation.content()
    assert content["reference"]["passenger"] == TYPICAL.model_dump()
    assert content["reference"]["probability"] == explanation.reference_probability
    assert content["reference"]["text"] == "a man of 28 in third class, travelling alone"
    by_field = {share["field"]: share for share in content["contributions"]}
    assert by_field["sex"]["value"] == "female"
    assert by_field["sex"]["reference_value"] == "male"
    assert by_field["sex"]["sentence"].startswith("being a woman raised it by ")
    assert by_field["age"]["sentence"].startswith("being 38 years old ")
    assert content["summary"].startswith("Survival at ")


def test_the_typical_passenger_is_in_the_middle_of_those_trained_on(champion):
    assert typical_passenger(champion.reference) == Passenger(
        pclass=3, sex="male", age=28.0, sibsp=0, parch=0, fare=14.4583, embarked="S"
    )


def a_reference(**columns):
    usual = {
        "pclass": [1, 2, 2],
        "sex": ["female", "female", "male"],
        "age": [20.0, 30.0, 40.0],
        "sibsp": [1, 1, 0],
        "parch": [0, 7, 9],
        "fare": [7.0, 8.0, 9.0],
        "embarked": ["Q", "Q", "S"],
    }
    return describe({**usual, **columns}, [0.5, 0.5, 0.5])


def test_the_most_common_values_are_typical():
    assert typical_passenger(a_reference()) == Passenger(
        pclass=2, sex="female", age=30, sibsp=1, parch=3, fare=8, embarked="Q"
    )


def test_what_was_mostly_unknown_is_typically_unknown():
    unknown = [None, None, None]
    typical = typical_passenger(
        a_reference(age=unknown, fare=unknown, embarked=["C", None, None], sibsp=unknown)
    )
    assert (typical.age, typical.fare, typical.embarked, typical.sibsp) == (None, None, None, 0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 8) | st.none(), min_size=3, max_size=60))
def test_the_typical_age_is_near_the_median_however_many_ages_are_equal(ages):
    known = sorted(age for age in ages if age is not None)
    columns = {name: [value] * len(ages) for name, value in TYPICAL.model_dump().items()}
    typical = typical_passenger(describe({**columns, "age": ages}, [0.5] * len(ages)))
    if not known:
        assert typical.age is None
        return
    assert np.quantile(known, 0.3) <= typical.age <= np.quantile(known, 0.7)


def test_a_reference_whose_only_bin_is_full_still_has_a_typical_passenger():
    reference = a_reference()
    fields = tuple(
        FieldReference("age", (30.0,), (), (1.0, 0.0, 0.0)) if field.name == "age" else field
        for field in reference.fields
    )
    assert typical_passenger(replace(reference, fields=fields)).age == 30
