"""Passenger lists as people have them: whose columns, which quotes, what encoding."""

import copy

import pytest
from pydantic import ValidationError

from bento_service.http import Refused
from bento_service.passenger_lists import read_csv
from titanic_model.contract import Passenger

KAGGLE = (
    "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked\r\n"
    '1,0,3,"Braund, Mr. Owen Harris",male,22,1,0,A/5 21171,7.25,,S\r\n'
    '2,1,1,"Cumings, Mrs. John ""Jack""",female,38,1,0,PC 17599,71.2833,C85,C\r\n'
)
TITANIC3 = (
    '"pclass","survived","name","sex","age","sibsp","parch","ticket","fare","cabin","embarked",'
    '"boat","body","home.dest"\n'
    '3,0,"Braund, Mr. Owen Harris","male",22,1,0,"A/5 21171",7.25,,"S",,,"Bridgerule, Devon"\n'
    '1,1,"Cumings, Mrs. John ""Jack""","female",38,1,0,"PC 17599",71.2833,"C85","C","4",,\n'
)
OWEN = Passenger(
    pclass=3, sex="male", age=22, sibsp=1, fare=7.25, embarked="S",
    name="Braund, Mr. Owen Harris", ticket="A/5 21171",
)  # fmt: skip
FLORENCE = Passenger(
    pclass=1, sex="female", age=38, sibsp=1, fare=71.2833, embarked="C",
    name='Cumings, Mrs. John "Jack"', ticket="PC 17599", cabin="C85",
)  # fmt: skip


def rows(text, most=100):
    return list(read_csv(text if isinstance(text, bytes) else text.encode(), most).rows)


def refusal(text, most=100):
    with pytest.raises(Refused) as refused:
        rows(text, most)
    assert len(refused.value.message) < 300
    return refused.value


@pytest.mark.parametrize("text", [KAGGLE, TITANIC3], ids=["Kaggle", "titanic3"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_both_headers_in_use_are_read(text, mark):
    assert rows(mark + text.encode()) == [OWEN, FLORENCE]


def test_columns_that_mean_nothing_here_are_told():
    ignored = read_csv(KAGGLE.encode(), 10).ignored_columns
    assert ignored == ("PassengerId", "Survived")


def test_a_passenger_of_a_list_is_like_any_other():
    (owen, _) = rows(KAGGLE)
    assert repr(owen) == repr(OWEN)
    assert hash(owen) == hash(OWEN)
    assert owen.model_dump_json() == OWEN.model_dump_json()
    assert owen.model_copy(update={"age": 23}) == OWEN.model_copy(update={"age": 23})
    assert copy.deepcopy(owen) == OWEN
    with pytest.raises(ValidationError, match="frozen"):
        owen.age = 23


def test_no_rule_of_the_contract_is_about_two_fields_so_that_columns_can_be_checked():
    rules = Passenger.__pydantic_decorators__
    assert not rules.validators
    assert not rules.field_validators
    assert not rules.root_validators
    assert not rules.model_validators


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("wrong", ["9,male,", ",male,", "3,,", "3,male,ten", "3,male", "3,male,1,"])
def test_a_bad_row_of_a_list_spoils_no_neighbour(place, wrong):
    lines = ["3,male,", "1,female,38"]
    lines.insert(place, wrong)
    read = rows("pclass,sex,age\n" + "\n".join(lines))
    assert isinstance(read.pop(place), Refused)
    assert read == [Passenger(pclass=3, sex="male"), Passenger(pclass=1, sex="female", age=38)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(end):
    assert rows(f"pclass,sex{end}3,male{end}1,female{end}") == [
        Passenger(pclass=3, sex="male"),
        Passenger(pclass=1, sex="female"),
    ]


def test_quotes_may_hold_commas_lines_and_quotes():
    (row,) = rows('sex,pclass,name\nmale,3,"a, ""b""\nc"\n')
    assert row.name == 'a, "b"\nc'


def test_empty_lines_are_none_and_empty_cells_are_unknown():
    assert rows("pclass,sex,age\n\n3,male,\n\n\n1,female, \n") == [
        Passenger(pclass=3, sex="male"),
        Passenger(pclass=1, sex="female"),
    ]


def test_a_header_alone_is_an_empty_list():
    assert rows("pclass,sex\n") == rows("pclass,sex") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "pclass\n3\n",
        "sex,age\nmale,1\n",
        "3,male\n1,female\n",
        "pclass;sex\n3;male\n",
        "pclass,sex,Sex\n3,male,male\n",
        '{"passengers": []}',
        "pclass,sex" + ",x" * 300 + "\n",
        "," * 1_000_000,
    ],
)
def test_a_header_that_does_not_name_the_columns_is_shown(text):
    refused = refusal(text)
    assert (refused.status, refused.kind) == (422, "invalid_input")
    assert "pclass and sex" in refused.message


@pytest.mark.parametrize("row", ["3", "3,male,1", "3,male,,", ","])
def test_a_row_of_another_length_spoils_no_neighbour(row):
    first, wrong, last = rows(f"pclass,sex\n3,male\n{row}\n1,female\n")
    assert wrong.status == 422
    assert (first.pclass, last.pclass) == (3, 1)


@pytest.mark.parametrize("text", ["3", "3.0", "+3", "3e0", "03"])
def test_a_whole_number_may_be_written_as_tables_do(text):
    assert rows(f"pclass,sex\n{text},male\n") == [Passenger(pclass=3, sex="male")]


@pytest.mark.parametrize("text", ["0.08333333333333333", "1e-3", ".5", "5e-324", "22.", "+1"])
def test_a_number_may_be_written_as_computers_do(text):
    (row,) = rows(f"pclass,sex,age\n3,male,{text}\n")
    assert row.age == float(text)


@pytest.mark.parametrize(
    "text", ["ten", "1_0", "1,5", "0x1", "NaN", "inf", "٣", "1e9", "-1", "1" * 5000, "--1", "1 2"]
)
def test_what_is_no_number_is_refused_by_its_own_words(text):
    (row,) = rows(f'pclass,sex,age\n3,male,"{text}"\n')
    assert (row.status, row.field) == (422, "age")
    assert len(row.message) < 150


@pytest.mark.parametrize("text", ["2.5", "4", "0", "first", "1e3"])
def test_a_class_that_is_none_is_named(text):
    (row,) = rows(f"pclass,sex\n{text},male\n")
    assert row.field == "pclass"


def test_a_cell_with_nul_is_as_good_as_its_field_allows():
    sex, name = rows("pclass,sex,name\n3,ma\0le,x\n3,male,a\0b\n")
    assert sex.field == "sex"
    assert name.name == "a\0b"


@pytest.mark.parametrize(
    "text", [b"pclass,sex\n3,m\xe4nnlich\n", "pclass,sex\n3,male".encode("utf-16")]
)
def test_what_is_not_utf_8_is_refused(text):
    refused = refusal(text)
    assert (refused.status, refused.kind) == (400, "malformed_csv")
    assert "UTF-8" in refused.message


@pytest.mark.parametrize(
    "text",
    [
        'pclass,sex\n3,"male\n',
        'pclass,sex\n3,"male"x\n',
        f"pclass,sex,name\n3,male,{'x' * 1_000_000}\n",
        'pclass,sex\n"' + "3,male\n" * 200_000,
    ],
)
def test_quotes_that_do_not_end_and_endless_cells_are_refused_with_their_line(text):
    refused = refusal(text)
    assert (refused.status, refused.kind) == (400, "malformed_csv")
    assert refused.message.startswith("Line ")


def test_a_list_has_so_many_rows_and_no_more():
    text = "pclass,sex\n" + "3,male\n\n" * 11
    assert len(rows(text, 11)) == 11
    assert refusal(text, 10).status == 413
