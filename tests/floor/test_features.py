"""The feature transform: the same for one passenger and for a million."""

import csv
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titanic_model.features import (
    FEATURES,
    INPUTS,
    deck_code,
    derive_columns,
    derive_row,
    title_code,
)
from titanic_model.schemas import PACKAGED_LIST

NUMBERS = ("pclass", "age", "sibsp", "parch", "fare")


def a_passenger(**changes):
    return {"pclass": 3, "sex": "male", "age": 30.0, "sibsp": 0, "parch": 0, "fare": 8.0, **changes}


def feature(name, **changes):
    return float(derive_row(a_passenger(**changes))[FEATURES.index(name)])


def as_columns(passengers):
    return {
        name: [
            np.nan if p.get(name) is None and name in NUMBERS else p.get(name) for p in passengers
        ]
        for name in INPUTS
    }


passengers = st.fixed_dictionaries(
    {
        "pclass": st.integers(1, 3),
        "sex": st.sampled_from(["female", "male"]),
        "age": st.none() | st.floats(0, 120, width=32),
        "sibsp": st.integers(0, 20),
        "parch": st.integers(0, 20),
        "fare": st.none() | st.floats(0, 2000, width=32),
        "embarked": st.sampled_from([None, "C", "Q", "S"]),
        "name": st.none()
        | st.text(max_size=30)
        | st.sampled_from(["Kelly, Mr. James", "A, Dr. B"]),
        "cabin": st.none() | st.text(max_size=8) | st.sampled_from(["C85", "F G73", "T"]),
    }
)


@given(st.lists(passengers, min_size=1, max_size=20))
def test_one_row_at_a_time_and_all_at_once_give_the_same_numbers(rows):
    one_by_one = np.array([derive_row(row) for row in rows])
    np.testing.assert_array_equal(one_by_one, derive_columns(as_columns(rows)))


def test_the_packaged_list_agrees_row_by_row_and_in_columns():
    with PACKAGED_LIST.open() as file:
        rows = [
            {
                name: (float(row[name]) if name in NUMBERS else row[name]) if row[name] else None
                for name in INPUTS
            }
            for row in csv.DictReader(file)
        ]
    matrix = derive_columns(as_columns(rows))
    assert matrix.shape == (1309, len(FEATURES))
    np.testing.assert_array_equal(np.array([derive_row(row) for row in rows]), matrix)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Kelly, Mr. James", 0),
        ("Wilkes, Mrs. James (Ellen Needs)", 1),
        ("Heikkinen, Miss. Laina", 2),
        ("Palsson, Master. Gosta Leonard", 3),
        ("Rothes, the Countess. of (Lucy Noel Martha Dyer-Edwards)", 4),
        ("Minahan, Dr. William Edward", 4),
        ("James Kelly", -1),
        ("Kelly, James", -1),
        ("", -1),
        (None, -1),
    ],
)
def test_the_title_is_read_from_the_name(name, title):
    assert title_code(name) == title


@pytest.mark.parametrize(
    ("cabin", "deck"), [("A5", 1), ("C22 C26", 3), ("F G73", 6), ("T", 8), ("9", 0), (None, 0)]
)
def test_the_deck_is_the_first_letter_of_the_cabin(cabin, deck):
    assert deck_code(cabin) == deck


def test_without_a_name_the_title_is_guessed_from_sex_age_and_company():
    assert feature("title_mr") == 1
    assert feature("title_master", age=4.0) == 1
    assert feature("title_miss", sex="female") == 1
    assert feature("title_mrs", sex="female", sibsp=1) == 1
    assert feature("title_mr", age=None) == 1


def test_a_family_shares_its_fare():
    assert feature("family_size", sibsp=1, parch=2) == 4
    assert feature("fare_per_person", sibsp=1, parch=2, fare=40.0) == 10
    assert feature("alone") == 1
    assert feature("alone", parch=1) == 0


def test_products_of_class_age_and_fare():
    assert feature("class_fare", fare=10.0) == 30
    assert feature("age_fare", fare=10.0) == 300
    assert feature("age_class") == 90


def test_what_is_missing_stays_missing_for_the_fitted_pipeline():
    assert np.isnan(feature("age", age=None))
    assert np.isnan(feature("class_fare", fare=None))
    assert feature("child", age=None) == 0


def test_what_is_known_only_afterwards_reaches_no_feature():
    alive = {"boat": "2", "body": None, "survived": 1, "home_dest": "St Louis, MO"}
    np.testing.assert_array_equal(derive_row(a_passenger()), derive_row(a_passenger(**alive)))


def test_one_row_costs_at_most_twenty_microseconds():
    passenger = a_passenger(name="Kelly, Mr. James", cabin="C85", embarked="S")

    def microseconds():
        started = time.process_time()
        for _ in range(2000):
            derive_row(passenger)
        return (time.process_time() - started) / 2000 * 1e6

    assert min(microseconds() for _ in range(5)) <= 20


def test_serving_gets_the_transform_without_pandas_or_scikit_learn():
    code = (
        "import sys, titanic_model.contract, titanic_model.features, titanic_model.places;"
        "heavy = {'pandas', 'sklearn', 'scipy', 'pyarrow', 'mlflow', 'dagster'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
