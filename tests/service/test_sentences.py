"""The words of an explanation: right for each field, each kind of passenger, each number."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bento_service.sentences import portray, say_contribution, summarise
from titanic_model.contract import Passenger
from titanic_model.features import INPUTS

TYPICAL = Passenger(pclass=3, sex="male", age=28, fare=14.4583, embarked="S")


def a_passenger(**values):
    return Passenger(**{"pclass": 3, "sex": "male", "age": 30, **values})


def subject(field, **values):
    """What the sentence about this field is about."""
    return say_contribution(field, a_passenger(**values), 0.41).removesuffix(
        " raised it by 41 points"
    )


@pytest.mark.parametrize(
    ("sex", "age", "words"),
    [
        ("female", 30, "being a woman"),
        ("female", None, "being a woman"),
        ("female", 18, "being a woman"),
        ("female", 4, "being a girl"),
        ("male", 30, "being a man"),
        ("male", 17.5, "being a boy"),
    ],
)
def test_sex_is_told_as_of_a_woman_a_man_a_girl_or_a_boy(sex, age, words):
    assert subject("sex", sex=sex, age=age) == words


@pytest.mark.parametrize(
    ("pclass", "words"),
    [(1, "travelling first class"), (2, "travelling second class"), (3, "travelling third class")],
)
def test_classes_are_told_by_name(pclass, words):
    assert subject("pclass", pclass=pclass) == words


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (4, "being 4 years old"),
        (1, "being 1 year old"),
        (28.5, "being 28.5 years old"),
        (110, "being 110 years old"),
        (0.9167, "being 11 months old"),
        (0.999, "being 11 months old"),
        (0.1, "being 1 month old"),
        (0.01, "being newborn"),
        (0, "being newborn"),
        (1 / 3 + 30, "being 30.33 years old"),
        (None, "an unknown age"),
    ],
)
def test_ages_are_told_in_years_and_in_months_for_infants(age, words):
    assert subject("age", age=age) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sibsp": 0}, "travelling without siblings or a spouse"),
        ({"sibsp": 1}, "travelling with 1 sibling or spouse"),
        ({"sibsp": 2}, "travelling with 2 siblings or spouses"),
        ({"sibsp": 0, "age": 4}, "travelling without siblings"),
        ({"sibsp": 1, "age": 4}, "travelling with 1 sibling"),
        ({"sibsp": 10, "age": 4}, "travelling with 10 siblings"),
        ({"sibsp": 1, "age": 16}, "travelling with 1 sibling or spouse"),
    ],
)
def test_children_have_siblings_and_others_perhaps_a_spouse(values, words):
    assert subject("sibsp", **values) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"parch": 0}, "travelling without parents or children"),
        ({"parch": 1}, "travelling with 1 parent or child"),
        ({"parch": 20}, "travelling with 20 parents or children"),
        ({"parch": 0, "age": 4}, "travelling without parents"),
        ({"parch": 1, "age": 4}, "travelling with 1 parent"),
        ({"parch": 2, "age": 4}, "travelling with 2 parents"),
        ({"parch": 3, "age": 4}, "travelling with 3 parents or children"),
    ],
)
def test_children_have_parents_and_others_perhaps_children(values, words):
    assert subject("parch", **values) == words


@pytest.mark.parametrize(
    ("fare", "words"),
    [
        (7.25, "a ticket for 7.25 pounds"),
        (7.5, "a ticket for 7.50 pounds"),
        (1, "a ticket for 1 pound"),
        (100, "a ticket for 100 pounds"),
        (512.3292, "a ticket for 512.33 pounds"),
        (2000, "a ticket for 2000 pounds"),
        (0.001, "a ticket for next to nothing"),
        (0, "a free ticket"),
        (None, "a ticket of unknown price"),
    ],
)
def test_fares_are_told_as_sums_of_money(fare, words):
    assert subject("fare", fare=fare) == words


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("C", "embarking at Cherbourg"),
        ("Q", "embarking at Queenstown"),
        ("S", "embarking at Southampton"),
        (None, "an unknown port of embarkation"),
    ],
)
def test_ports_are_told_by_name(port, words):
    assert subject("embarked", embarked=port) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Rice, Master. Eugene", "the title in the name (Master)"),
        ("Rothes, the Countess. of (Lucy)", "the title in the name (the Countess)"),
        ("Sagesser, Mlle. Emma", "the title in the name (Mlle)"),
        ("Kelly, <b>Mr</b>. James", "the title in the name"),
        (f"Kelly, {'very ' * 20}long. James", "the title in the name"),
        ("Kelly, . James", "the title in the name"),
        ("James Kelly", "a name without a title"),
        ("", "giving no name"),
        (None, "giving no name"),
    ],
)
def test_of_a_name_its_title_is_told_if_it_is_a_word(name, words):
    assert subject("name", name=name) == words


@pytest.mark.parametrize(
    ("cabin", "words"),
    [
        ("B22", "a known cabin on deck B"),
        ("c85 c87", "a known cabin on deck C"),
        ("77", "a cabin on an unknown deck"),
        ("", "an unknown cabin"),
        (None, "an unknown cabin"),
    ],
)
def test_of_a_cabin_its_deck_is_told(cabin, words):
    assert subject("cabin", cabin=cabin) == words


@pytest.mark.parametrize(
    ("contribution", "words"),
    [
        (0.41, "raised it by 41 points"),
        (-0.12, "lowered it by 12 points"),
        (0.0149, "raised it by 1 point"),
        (-0.005, "lowered it by 1 point"),
        (0.0049, "made hardly any difference"),
        (-1e-15, "made no difference"),
        (0, "made no difference"),
    ],
)
def test_contributions_are_told_in_points(contribution, words):
    assert say_contribution("sex", a_passenger(), contribution) == f"being a man {words}"


@pytest.mark.parametrize(
    ("passenger", "words"),
    [
        (TYPICAL, "a man of 28 in third class, travelling alone"),
        (
            a_passenger(sex="female", age=None, pclass=1, sibsp=1),
            "a woman of unknown age in first class, travelling with 1 relative",
        ),
        (
            a_passenger(age=0.75, pclass=2, sibsp=3, parch=2),
            "a boy of 9 months in second class, travelling with 5 relatives",
        ),
        (a_passenger(age=0), "a boy, newborn, in third class, travelling alone"),
        (a_passenger(age=36.5), "a man of 36.5 in third class, travelling alone"),
    ],
)
def test_a_passenger_is_portrayed_in_a_few_words(passenger, words):
    assert portray(passenger) == words


def summary(probability, reference_probability, **contributions):
    woman = a_passenger(pclass=1, sex="female", age=None, sibsp=4)
    shares = {**contributions, **{name: 0.0 for name in INPUTS if name not in contributions}}
    return summarise(woman, probability, TYPICAL, reference_probability, shares)


WHO = "a typical passenger (a man of 28 in third class, travelling alone)"


def test_a_summary_names_the_main_reasons_and_what_speaks_against_them():
    assert summary(0.84, 0.11, sex=0.6, pclass=0.25, sibsp=-0.12, age=0.004) == (
        f"Survival at 84 %, against 11 % for {WHO}: mostly because being a woman raised it by 60 "
        "points and travelling first class raised it by 25 points, although travelling with 4 "
        "siblings or spouses lowered it by 12 points."
    )


def test_a_summary_leaves_out_what_is_little_beside_the_rest():
    assert summary(0.84, 0.11, sex=0.7, pclass=0.05, sibsp=-0.02) == (
        f"Survival at 84 %, against 11 % for {WHO}: mostly because being a woman raised it by 70 "
        "points."
    )


def test_a_summary_says_what_lowers_a_chance():
    assert summary(0.002, 0.11, sibsp=-0.1, age=-0.008) == (
        f"Survival at less than 1 %, against 11 % for {WHO}: mostly because travelling with 4 "
        "siblings or spouses lowered it by 10 points."
    )


def test_a_summary_says_what_cancels_out():
    assert summary(0.111, 0.11, sex=0.3, sibsp=-0.299) == (
        f"Survival at 11 %, as for {WHO}: being a woman raised it by 30 points, but travelling "
        "with 4 siblings or spouses lowered it by 30 points."
    )


def test_a_summary_of_the_typical_passenger_names_no_reasons():
    assert summary(0.11, 0.11) == (
        f"Survival at 11 %, as for {WHO}: nothing in which they differ matters much."
    )


def test_a_summary_of_many_little_contributions_names_none():
    assert summary(0.13, 0.11, sex=0.004, age=0.004, fare=0.004) == (
        f"Survival at 13 %, against 11 % for {WHO}: no single field made much of the difference."
    )


def test_certainty_is_not_rounded_to_certainty():
    assert summary(0.9999, 0.11, sex=0.89).startswith("Survival at more than 99 %, against 11 %")


passengers = st.builds(
    Passenger,
    pclass=st.integers(1, 3),
    sex=st.sampled_from(["female", "male"]),
    age=st.none() | st.floats(0, 120),
    sibsp=st.integers(0, 20),
    parch=st.integers(0, 20),
    fare=st.none() | st.floats(0, 2000),
    embarked=st.sampled_from([None, "C", "Q", "S"]),
    name=st.none() | st.text(max_size=60),
    cabin=st.none() | st.text(max_size=10),
)


@given(passengers, st.sampled_from(INPUTS), st.floats(-1, 1))
def test_every_passenger_gets_a_plain_sentence(passenger, field, contribution):
    sentence = say_contribution(field, passenger, contribution)
    assert re.fullmatch(r"[^\W\d_][\w .()]+", sentence)
    assert not re.search(r"\d{5}|\.\d{3}|e[+-]\d|None|sibsp|parch|pclass|  ", sentence)
    assert not re.search(r"\b1 \w+s\b", sentence.replace(" years old", ""))
