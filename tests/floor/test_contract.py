"""The passenger contract and what is read back from it."""

import pytest
from pydantic import ValidationError

from titanic_model.contract import FIELDS, Passenger, WrongHeader, column_for, read_header

KAGGLE = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
TITANIC3 = "pclass,survived,name,sex,age,sibsp,parch,ticket,fare,cabin,embarked,boat,body,home.dest"


def a_passenger(**changes):
    return {"pclass": 3, "sex": "male", **changes}


def test_class_and_sex_are_all_that_a_passenger_needs():
    passenger = Passenger.model_validate(a_passenger())
    assert (passenger.sibsp, passenger.parch, passenger.age) == (0, 0, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pclass", 0),
        ("pclass", 4),
        ("sex", "other"),
        ("age", -1.0),
        ("age", 120.5),
        ("age", float("nan")),
        ("age", float("inf")),
        ("sibsp", 21),
        ("parch", -1),
        ("fare", 2000.01),
        ("embarked", "X"),
        ("name", "x" * 201),
        ("ticket", "x" * 65),
        ("cabin", "x" * 65),
        ("pclass", "1"),
        ("boat", "2"),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(ValidationError) as refusal:
        Passenger.model_validate(a_passenger(**{field: value}))
    assert [problem["loc"] for problem in refusal.value.errors()] == [(field,)]


@pytest.mark.parametrize("age", [0.0, 120.0])
def test_the_ends_of_a_range_are_allowed(age):
    assert Passenger.model_validate(a_passenger(age=age)).age == age


def test_the_contract_can_be_read_back_field_by_field():
    described = {field.name: field for field in FIELDS}
    age, sex, pclass = described["age"], described["sex"], described["pclass"]
    assert (age.kind, age.low, age.high, age.optional) == ("number", 0, 120, True)
    assert (sex.kind, sex.allowed, sex.required) == ("category", ("female", "male"), True)
    assert pclass.allowed_text == "a whole number from 1 to 3"
    assert described["embarked"].allowed_text == "C or Q or S, or nothing"
    assert described["name"].allowed_text == "text of at most 200 characters, or nothing"
    assert described["sibsp"].default == 0
    assert all(field.explanation for field in FIELDS)


@pytest.mark.parametrize("header", [KAGGLE, TITANIC3])
def test_both_headers_are_read(header):
    columns = read_header(header.split(",")).columns
    assert {"survived", "pclass", "name", "sex", "age", "ticket", "fare"} <= set(columns.values())


def test_columns_of_no_use_are_named_and_missing_ones_too():
    header = read_header(["Survived", "Pclass", "Sex", "Shoe size"])
    assert header.ignored == ("Shoe size",)
    assert "fare" in header.absent


def test_a_list_without_labels_is_refused_for_training():
    with pytest.raises(WrongHeader, match="can be scored, not trained on"):
        read_header(KAGGLE.replace("Survived,", "").split(","))


def test_two_columns_of_one_meaning_are_refused():
    with pytest.raises(WrongHeader, match="two columns of this list mean 'age'"):
        read_header([*TITANIC3.split(","), "Age"])


def test_a_header_of_another_world_is_refused_with_its_columns():
    with pytest.raises(WrongHeader, match="its columns: latitude, longitude"):
        read_header(["latitude", "longitude"])


def test_spelling_and_case_of_a_column_do_not_matter():
    assert column_for(" PassengerId ") == column_for("passenger_id") == "source_id"
    assert column_for("home.dest") == "home_dest"
