"""The lines made by hand are the events of the schema, whatever callers call themselves."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bento_service.prediction_log.encoding import batch_lines, outcome_line, prediction_line
from titanic_model.contract import Passenger
from titanic_model.events import OutcomeEvent, PredictionEvent

SOME = Passenger(pclass=3, sex="male", age=22.5, fare=7.25, embarked="S")
ODD_TEXT = st.text(st.characters())  # with quotes, line ends, NUL and halves of surrogate pairs
WHOLE_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def a_line(**changes):
    values = {
        "time": 1795270160.25,
        "request_id": "r1",
        "trace_id": "",
        "caller": "127.0.0.1",
        "on_behalf_of": "",
        "way": "predict",
        "passenger_id": None,
        "passenger": SOME,
        "variant": "champion",
        "model_version": "3",
        "probability": 0.125,
        "survived": False,
        "served": True,
        "latency_ms": 0.5,
    }
    return prediction_line(**(values | changes))


def some_batch(answers, **changes):
    rows, passengers, probabilities, survived = zip(*answers, strict=True) if answers else [()] * 4
    values = {
        "time": 1795270160.25,
        "request_id": "r1",
        "trace_id": "t1",
        "caller": "me",
        "on_behalf_of": "",
        "way": "batch_predict",
        "rows": rows,
        "passengers": passengers,
        "probabilities": probabilities,
        "survived": survived,
        "variant": "challenger",
        "model_version": "4",
        "served": False,
        "latency_ms": 12.5,
    }
    return batch_lines(**(values | changes))


def test_a_prediction_reads_back_as_the_event_it_was():
    text = a_line(passenger_id=7, served=False)

    assert text.endswith(b"\n")
    assert PredictionEvent.model_validate_json(text) == PredictionEvent(
        time=1795270160.25,
        request_id="r1",
        caller="127.0.0.1",
        way="predict",
        passenger_id=7,
        input=SOME,
        variant="champion",
        model_version="3",
        probability=0.125,
        survived=False,
        served=False,
        latency_ms=0.5,
    )


@given(
    request_id=WHOLE_TEXT,
    trace_id=WHOLE_TEXT,
    caller=WHOLE_TEXT,
    model_version=WHOLE_TEXT,
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    probability=st.floats(0, 1),
)
def test_odd_text_comes_back_as_it_was(name, **texts):
    passenger = SOME.model_copy(update={"name": name})
    text = a_line(passenger=passenger, **texts)

    assert text.count(b"\n") == 1
    event = PredictionEvent.model_validate_json(text)
    assert event.input == passenger
    assert {key: getattr(event, key) for key in texts} == texts


@given(caller=ODD_TEXT)
def test_a_caller_that_is_no_unicode_does_not_spoil_the_line(caller):
    lines = [
        a_line(caller=caller),
        some_batch([(0, SOME, 0.5, True)], caller=caller),
        outcome_line(1.0, "r", caller, survived=True),
    ]

    for text, event in zip(lines, [PredictionEvent, PredictionEvent, OutcomeEvent], strict=True):
        read = event.model_validate_json(text)
        assert read.caller == caller.encode(errors="replace").decode()


@given(named=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=128))
def test_for_whom_a_backend_asked_is_in_each_line(named):
    for text in (
        a_line(on_behalf_of=named),
        some_batch([(0, SOME, 0.5, True)], on_behalf_of=named),
    ):
        assert PredictionEvent.model_validate_json(text).on_behalf_of == named
        assert (b"on_behalf_of" in text) == (named != "")


def test_control_characters_stay_within_their_line():
    odd = "".join(map(chr, [*range(32), 127, 0x85, 0x2028, 0x2029]))
    passenger = SOME.model_copy(update={"name": odd, "ticket": odd, "cabin": odd})
    for text in (a_line(passenger=passenger), some_batch([(0, passenger, 0.5, True)])):
        assert not any(byte < 32 for byte in text.removesuffix(b"\n"))
        assert PredictionEvent.model_validate_json(text).input == passenger


def test_a_passenger_may_come_as_json():
    assert a_line(passenger=SOME.model_dump_json().encode()) == a_line()


def test_numbers_of_numpy_are_numbers():
    single = a_line(
        probability=np.float32(0.125), survived=np.bool_(False), latency_ms=np.float64(0.5)
    )

    assert single == a_line()
    assert some_batch([(0, SOME, np.float32(0.125), np.bool_(True))]) == some_batch(
        [(0, SOME, 0.125, True)]
    )


@given(
    answers=st.lists(
        st.tuples(
            st.integers(0, 9999),
            st.builds(Passenger),
            st.floats(0, 1),
            st.booleans(),
        ),
        max_size=5,
    ),
    request_id=WHOLE_TEXT,
)
def test_each_row_of_a_batch_is_an_event_of_its_own(answers, request_id):
    lines = some_batch(answers, request_id=request_id).splitlines()
    events = [PredictionEvent.model_validate_json(text) for text in lines]

    assert [(e.request_id, e.input, e.probability, e.survived) for e in events] == [
        (f"{request_id}.{row}", *rest) for row, *rest in answers
    ]
    assert all(
        (e.way, e.variant, e.model_version, e.served) == ("batch_predict", "challenger", "4", False)
        for e in events
    )


@pytest.mark.parametrize(
    "text", ['{"pclass":', '},{"pclass":3}', "},{", '"},{"', '\\},{\\"pclass":', "\n"]
)
def test_no_text_is_taken_for_the_end_of_a_row(text):
    passenger = SOME.model_copy(update=dict.fromkeys(["name", "ticket", "cabin"], text))
    lines = some_batch([(row, passenger, 0.5, True) for row in range(3)]).splitlines()

    assert [PredictionEvent.model_validate_json(line).input for line in lines] == [passenger] * 3


def test_a_row_says_what_a_single_prediction_says():
    (row,) = some_batch([(7, SOME, 0.125, False)]).splitlines()
    single = a_line(
        request_id="r1.7",
        trace_id="t1",
        caller="me",
        way="batch_predict",
        variant="challenger",
        model_version="4",
        served=False,
        latency_ms=12.5,
    )

    assert json.loads(row) == json.loads(single)


def test_an_outcome_reads_back_as_the_event_it_was():
    text = outcome_line(5.25, "r1.7", 'a "b"', survived=False)

    assert OutcomeEvent.model_validate_json(text) == OutcomeEvent(
        time=5.25, request_id="r1.7", caller='a "b"', survived=False
    )
