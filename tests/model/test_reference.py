"""The drift reference: bins, shares, and how far others are from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from titanic_assets.settings import Settings
from titanic_model.chance import chi_square_quantile
from titanic_model.contract import FIELDS
from titanic_model.inputs import known_of
from titanic_model.reference import (
    DRIFT_FIELDS,
    ENOUGH,
    SCORE,
    THRESHOLD,
    Drift,
    Reference,
    Unknown,
    describe,
)


@pytest.fixture(scope="module")
def columns(data):
    return known_of(data.matrix)


@pytest.fixture(scope="module")
def reference(columns):
    return describe(columns, np.linspace(0, 1, 1309))


def test_the_seven_fields_and_the_score_are_described(reference):
    assert DRIFT_FIELDS == ("pclass", "sex", "age", "sibsp", "parch", "fare", "embarked")
    assert [field.name for field in reference.fields] == [*DRIFT_FIELDS, SCORE]
    for field in reference.fields:
        assert len(field.labels) == len(field.shares)
        assert sum(field.shares) == pytest.approx(1)


def test_the_shares_are_those_of_the_list(reference):
    shares = dict(zip(reference.field("sex").labels, reference.field("sex").shares, strict=True))
    assert shares == {"female": 466 / 1309, "male": 843 / 1309, "missing": 0}
    assert reference.field("age").shares[-1] == 263 / 1309
    assert reference.field("embarked").shares[-1] == 2 / 1309
    assert reference.field("pclass").labels == ("up to 1", "2", "3 and more", "missing")
    assert reference.field("pclass").shares[:3] == (323 / 1309, 277 / 1309, 709 / 1309)
    assert max(reference.field("fare").shares) < 0.15


def test_the_list_has_not_drifted_from_itself(columns, reference):
    assert max(reference.drift(columns).values()) == pytest.approx(0)


def test_a_sample_of_the_list_has_hardly_drifted(columns, reference):
    rows = np.random.default_rng(0).permutation(1309)[:500]
    drift = reference.drift({name: values[rows] for name, values in columns.items()})
    assert set(drift) == set(DRIFT_FIELDS)
    assert max(drift.values()) < 0.1


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("age", lambda ages: ages + 15),
        ("age", lambda ages: np.full_like(ages, np.nan)),
        ("fare", lambda fares: fares * 3.0),
        ("pclass", np.ones_like),
        ("sex", lambda sexes: np.full_like(sexes, "male")),
        ("embarked", lambda ports: np.full_like(ports, None)),
    ],
)
def test_a_field_that_moves_is_seen_and_no_other(columns, reference, name, moved):
    drift = reference.drift({**columns, name: moved(columns[name])})
    assert [field for field, index in drift.items() if index > 0.2] == [name]


def test_a_value_has_the_same_bin_as_float32_and_as_float64(columns, reference):
    for name in ("age", "fare"):
        field = reference.field(name)
        exact = columns[name][~np.isnan(columns[name])]
        assert field.count(exact) == field.count(exact.tolist())
        assert sum(field.count(exact)) == len(exact)


@given(st.one_of(st.none(), st.floats(), st.text(), st.integers()))
def test_any_category_finds_a_bin(reference, value):
    assert 0 <= reference.field("sex").bin_of(value) < 3


@given(st.one_of(st.none(), st.floats(), st.integers()))
def test_any_number_finds_a_bin(reference, value):
    for name in ("pclass", "age", SCORE):
        field = reference.field(name)
        assert 0 <= field.bin_of(value) < len(field.shares)


def test_nothing_counted_is_no_drift(reference):
    assert reference.field("sex").drift([0, 0, 0]) == 0


def test_a_field_that_was_never_known_has_one_bin(columns):
    ageless = describe({**columns, "age": np.full(1309, np.nan)}, np.zeros(1309))
    assert ageless.field("age").labels == ("any", "missing")
    assert ageless.field("age").shares == (0, 1)
    assert ageless.field("age").drift([5, 5]) > 0.2


def test_it_survives_json(reference):
    assert Reference.from_json(reference.to_json()) == reference
    assert reference.to_json() == Reference.from_json(reference.to_json()).to_json()


def test_an_unknown_field_is_named_with_the_known_ones(reference):
    with pytest.raises(KeyError, match=r"no field 'boat'.*pclass"):
        reference.field("boat")


def test_every_field_but_the_texts_is_watched():
    assert set(DRIFT_FIELDS) == {field.name for field in FIELDS if field.kind != "text"}


def test_of_few_passengers_no_field_has_drifted(reference):
    strange = reference.field("age").count([110.0] * (ENOUGH - 1))
    few = reference.judge(reference.field("age"), strange)
    assert (few.n, few.enough, few.drifted) == (ENOUGH - 1, False, False)
    assert few.index > few.bar
    assert reference.judge(
        reference.field("age"), reference.field("age").count([110.0] * ENOUGH)
    ).drifted
    assert reference.judge(reference.field("age"), [0] * len(strange)) == Drift(0, 0.0, THRESHOLD)


def test_the_bar_is_what_chance_explains_of_few_and_the_threshold_of_many(reference):
    bins = len(reference.field("age").shares)
    bars = [reference.judge(reference.field("age"), [n // bins] * bins).bar for n in (220, 5500)]
    assert bars[0] == pytest.approx(chi2.ppf(0.999, bins - 1) * (1 / 220 + 1 / 1309), rel=0.01)
    assert bars[1] == THRESHOLD
    assert reference.judge(reference.field("age"), [500] * bins, threshold=0.3).bar == 0.3


@pytest.mark.parametrize("freedom", [1, 2, 3, 10, 30])
def test_the_quantile_is_never_too_low_and_hardly_too_high(freedom):
    exact = chi2.ppf(0.999, freedom)
    assert exact < chi_square_quantile(0.999, freedom) < 1.04 * exact


def test_the_graph_has_the_same_threshold():
    assert Settings.model_fields["drift_threshold"].default == THRESHOLD


def test_a_bin_that_is_empty_by_chance_is_no_drift(columns):
    # Two passengers of 1,309 in a bin: most samples of 200 have none of them.
    rare = describe({**columns, "sibsp": np.array([9.0] * 2 + [0.0] * 1307)}, np.zeros(1309))
    empty = rare.judge(rare.field("sibsp"), rare.field("sibsp").count([0.0] * 200))
    assert empty.index < 0.001


def test_answers_are_compared_with_those_about_passengers_known_as_little(columns):
    low, middle, high = (np.full(1309, score) for score in (0.05, 0.55, 0.95))
    reference = describe(columns, high, without_cabin=middle, without_name=low)
    assert Reference.from_json(reference.to_json()) == reference
    usual = 1014 / 1309
    for unknown, expected in {
        Unknown(): (0, 0, 1),
        Unknown(cabin=usual): (0, 0, 1),
        Unknown(cabin=1): (0, 1, 0),
        Unknown(name=1): (1, 0, 0),
        Unknown(name=0.5, cabin=(1 + usual) / 2): (0.5, 0.25, 0.25),
    }.items():
        shares = reference.scores(unknown).shares
        assert (shares[0], shares[5], shares[9]) == pytest.approx(expected)
    seen = [500, *[0] * 10]
    assert not reference.judge(reference.scores(Unknown(name=1)), seen).drifted
    assert reference.judge(reference.scores(Unknown()), seen).drifted


def test_an_older_reference_compares_with_wholly_known_passengers_only(reference):
    assert reference.scores(Unknown(name=1)).shares == reference.field(SCORE).shares
