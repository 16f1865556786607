"""JSON becomes passengers, or is refused with the field, and never costs much."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bento_service.http import Refused
from bento_service.passenger_lists import read_csv
from bento_service.reading import check_passenger, read_batch, read_passenger
from titanic_model.contract import FIELD_NAMES, FIELDS, Passenger

MINIMAL = {"pclass": 3, "sex": "male"}
NUMBERS = [field for field in FIELDS if field.kind in ("integer", "number")]
TEXTS = [field for field in FIELDS if field.kind == "text"]
CATEGORIES = [field for field in FIELDS if field.kind == "category"]
OPTIONAL = [field for field in FIELDS if field.optional]
NOT_OPTIONAL = [field for field in FIELDS if not field.optional]
HOSTILE_BYTES = 8 * 1024 * 1024


def named(field):
    return field.name


def number(field, value):
    return int(value) if field.kind == "integer" else value


def read(**changes):
    return read_passenger(json.dumps({**MINIMAL, **changes}).encode())


def refusal(body):
    with pytest.raises(Refused) as refused:
        read_passenger(body)
    assert 400 <= refused.value.status < 500
    assert len(refused.value.message) < 300
    return refused.value


def refusal_of(**changes):
    return refusal(json.dumps({**MINIMAL, **changes}).encode())


@pytest.mark.parametrize("field", NUMBERS, ids=named)
def test_a_number_may_be_at_its_bounds(field):
    for value in (field.low, field.high):
        assert getattr(read(**{field.name: number(field, value)}), field.name) == value


@pytest.mark.parametrize("field", NUMBERS, ids=named)
def test_a_number_may_not_be_beyond_its_bounds(field):
    step = 1 if field.kind == "integer" else 1e-9
    for value in (field.low - step, field.high + step * max(1, field.high)):
        refused = refusal_of(**{field.name: number(field, value)})
        assert (refused.status, refused.field) == (422, field.name)
        assert f"{field.high:g}" in refused.message


@pytest.mark.parametrize("field", NUMBERS, ids=named)
@pytest.mark.parametrize("value", ["1", True, [1], {"a": 1}, float("nan"), float("inf"), "", "one"])
def test_a_number_is_not_guessed_from_anything_else(field, value):
    assert refusal_of(**{field.name: value}).field == field.name


@pytest.mark.parametrize("field", [each for each in NUMBERS if each.kind == "integer"], ids=named)
def test_a_whole_number_has_no_point(field):
    assert refusal_of(**{field.name: field.low + 0.5}).field == field.name


@pytest.mark.parametrize("field", CATEGORIES, ids=named)
def test_a_category_is_one_of_its_words(field):
    for word in field.allowed:
        assert getattr(read(**{field.name: word}), field.name) == word
    for wrong in (field.allowed[0].swapcase(), f"{field.allowed[0]} ", "x", "", 1, True, ["C"]):
        refused = refusal_of(**{field.name: wrong})
        assert (refused.status, refused.field) == (422, field.name)
        assert all(word in refused.message for word in field.allowed)


@pytest.mark.parametrize("field", TEXTS, ids=named)
def test_a_text_is_as_long_as_it_may_be(field):
    longest = "ä" * field.max_length
    assert getattr(read(**{field.name: longest}), field.name) == longest
    for wrong in (longest + "ä", 1, True, ["a"]):
        assert refusal_of(**{field.name: wrong}).field == field.name


@pytest.mark.parametrize("field", OPTIONAL, ids=named)
def test_what_is_optional_may_be_null_or_left_out(field):
    assert read(**{field.name: None}) == read()


@pytest.mark.parametrize("field", NOT_OPTIONAL, ids=named)
def test_what_is_not_optional_may_not_be_null(field):
    refused = refusal_of(**{field.name: None})
    assert refused.field == field.name
    assert f"{field.name} is null" in refused.message


@pytest.mark.parametrize("name", ["pclass", "sex"])
def test_what_is_needed_may_not_be_left_out(name):
    refused = refusal(json.dumps({key: MINIMAL[key] for key in MINIMAL if key != name}).encode())
    assert refused.field == name
    assert f"{name} is missing" in refused.message


@pytest.mark.parametrize("name", ["Pclass", "survived", "boat", "", "__class__", "x" * 5000, "\0"])
def test_an_unknown_field_is_named_and_so_are_the_valid_ones(name):
    refused = refusal_of(**{name: 1})
    assert refused.status == 422
    assert name.startswith(refused.field.removesuffix("…"))
    assert len(refused.field) <= 60
    assert ", ".join(FIELD_NAMES) in refused.message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"pclass":3,"pclass":1,"sex":"male"}', "pclass"),
        (b'{"pclass":3,"sex":"male","sex" :"female"}', "sex"),
        (b'{"pclass":3,"sex":"male","name":"a: b","age":1,"\\u0061ge":2}', "age"),
    ],
)
def test_a_field_that_is_there_twice_is_refused_for_nobody_knows_which_one_is_meant(body, field):
    refused = refusal(body)
    assert (refused.status, refused.field) == (422, field)
    (row,) = read_batch(b'{"passengers":[' + body + b"]}", 10).rows
    assert (row.status, row.field) == (422, field)


def test_colons_in_a_text_are_no_fields():
    assert read(name="a:b::c", ticket=":").name == "a:b::c"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"nothing",
        b"{'pclass':3}",
        b'{"pclass":3,"sex":"male"}{}',
        b'{"pclass":3,"sex":"male",}',
        b'{"pclass":03,"sex":"male"}',
        b'\xef\xbb\xbf{"pclass":3,"sex":"male"}',
        '{"pclass":3,"sex":"male"}'.encode("utf-16"),
        b'{"pclass":3,"sex":"male","name":"\xff"}',
        b'{"pclass":3,"sex":"male","name":"\\ud800"}',
        b'{"pclass":3,"sex":"male","\\udfff":1}',
        b'{"pclass":3,"sex":"male","name":"a\nb"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"pclass":' + b"1" * 10_000 + b',"sex":"male"}',
        b"\0",
    ],
)
def test_what_is_no_json_is_refused_in_no_time(body):
    began = time.perf_counter()
    refused = refusal(body)
    assert (refused.status, refused.kind) == (400, "malformed_json")
    assert time.perf_counter() - began < 0.5
    with pytest.raises(Refused) as batch:
        read_batch(b'{"passengers":[' + body + b"]}" if body.strip() else body, 10)
    assert batch.value.kind == "malformed_json"


@pytest.mark.parametrize("body", [b"null", b"1", b'"text"', b"[]", b"[{}]", b"true"])
def test_json_that_is_no_object_is_told_what_a_passenger_is(body):
    assert "JSON object" in refusal(body).message


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity", b"1" * 4000])
def test_numbers_that_are_none_name_their_field(number):
    assert refusal(b'{"pclass":3,"sex":"male","age":' + number + b"}").field == "age"


@pytest.mark.parametrize("value", ["<script>" * 1000, ["x"] * 4000, {"x": "y" * 9000}, 10**4000])
def test_of_what_came_only_a_short_piece_is_shown(value):
    message = refusal_of(sex=value).message
    assert len(message) < 130


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"{}",
        b'{"passengers":null}',
        b'{"passengers":{}}',
        b'{"passengers":[],"a":1}',
    ],
)
def test_what_is_no_batch_is_told_what_one_looks_like(body):
    with pytest.raises(Refused, match="A batch looks like") as refused:
        read_batch(body, 10)
    assert refused.value.status == 422


def test_bad_rows_have_their_errors_in_their_place():
    rows = [MINIMAL, {"pclass": 4, "sex": "male"}, 7, None, [], "x", {**MINIMAL, "y": 1}, MINIMAL]
    read = read_batch(json.dumps({"passengers": rows}).encode(), 10).rows
    assert [getattr(row, "field", "good") for row in read] == [
        "good", "pclass", None, None, None, None, "y", "good",
    ]  # fmt: skip


def test_a_batch_has_so_many_rows_and_no_more():
    body = json.dumps({"passengers": [MINIMAL] * 11}).encode()
    assert len(read_batch(body, 11).rows) == 11
    with pytest.raises(Refused, match="at most 10 passengers") as refused:
        read_batch(body, 10)
    assert refused.value.status == 413


def filled(unit, inside=b'{"passengers":[%b]}'):
    return inside % b",".join([unit] * (HOSTILE_BYTES // (len(unit) + 1)))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * HOSTILE_BYTES, id="brackets"),
        pytest.param(b'{"passengers":' + b"[" * HOSTILE_BYTES, id="brackets in a batch"),
        pytest.param(filled(b"1"), id="numbers"),
        pytest.param(filled(b"{}"), id="empty rows"),
        pytest.param(filled(b"[]"), id="lists"),
        pytest.param(filled(b"1", b'{"passengers":[{"name":[%b]}]}'), id="list in a field"),
        pytest.param(filled(b'"a":1', b'{"passengers":[{%b}]}'), id="one field over and over"),
        pytest.param(
            b'{"passengers":[{%b}]}' % b",".join(b'"%d":1' % each for each in range(800_000)),
            id="fields",
        ),
        pytest.param(b'{"passengers":[{"name":"%b"}]}' % (b":" * HOSTILE_BYTES), id="a long name"),
    ],
)
def test_a_hostile_batch_is_soon_done_with(body):
    began = time.process_time()
    try:
        (row,) = read_batch(body, 10_000).rows
    except Refused as refused:
        row = refused
    assert row.status in (400, 413, 422)
    assert len(row.message) < 300
    assert time.process_time() - began < 5  # by millions of errors it was a minute, and 2 GB


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-1, 21),
    st.floats(),
    st.sampled_from(["male", "female", "C", "S", "1", "", "\0", "ä:b"]),
    st.text(max_size=70),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
likely = st.fixed_dictionaries(
    {"pclass": st.sampled_from([1, 2, 3]), "sex": st.sampled_from(["male", "female"])},
    optional=dict.fromkeys(FIELD_NAMES[2:], values),
)
anything = st.dictionaries(st.sampled_from([*FIELD_NAMES, "boat", ""]), values, max_size=12)


def outcome(reading, *arguments):
    try:
        return reading(*arguments)
    except Refused as refused:
        return refused.detail()


@given(st.lists(st.one_of(likely, anything), max_size=6))
@settings(deadline=None, max_examples=300)
def test_a_row_of_a_batch_is_read_as_one_passenger_is(rows):
    written = [json.dumps(row).encode() for row in rows]
    body = b'{"passengers":[' + b",".join(written) + b"]}"
    singles = [outcome(read_passenger, row) for row in written]
    batch = outcome(read_batch, body, 10)
    if any(isinstance(each, dict) and each["type"] == "malformed_json" for each in singles):
        assert batch["type"] == "malformed_json"
        return
    assert [row.detail() if isinstance(row, Refused) else row for row in batch.rows] == singles


passengers = st.builds(
    Passenger,
    pclass=st.integers(1, 3),
    sex=st.sampled_from(["male", "female"]),
    age=st.none() | st.floats(0, 120),
    sibsp=st.integers(0, 20),
    parch=st.integers(0, 20),
    fare=st.none() | st.floats(0, 2000),
    embarked=st.none() | st.sampled_from(["C", "Q", "S"]),
    name=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(str.strip),
)


@given(st.lists(passengers, min_size=1, max_size=5))
@settings(deadline=None, max_examples=200)
def test_a_list_says_the_same_as_json(people):
    import csv
    import io

    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(FIELD_NAMES)
    lines.writerows([getattr(each, name) for name in FIELD_NAMES] for each in people)
    as_json = json.dumps({"passengers": [each.model_dump() for each in people]})
    known = [each.model_copy(update={"name": each.name or None}) for each in people]
    assert read_csv(text.getvalue().encode(), 10).rows == known
    assert read_batch(as_json.encode(), 10).rows == people


def test_a_whole_number_may_be_written_with_a_point():
    passenger = read_passenger(b'{"pclass": 3.0, "sex": "male", "sibsp": 1.0, "age": 22}')
    assert (passenger.pclass, passenger.sibsp) == (3, 1)
    assert check_passenger({"pclass": 1.0, "sex": "female"}).pclass == 1


@pytest.mark.parametrize("pclass", ["2.5", "4.0", "1e999", "-0.5"])
def test_no_other_number_with_a_point_is_a_whole_one(pclass):
    with pytest.raises(Refused) as refused:
        read_passenger(f'{{"pclass": {pclass}, "sex": "male"}}'.encode())
    assert refused.value.field == "pclass"
