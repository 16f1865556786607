"""The schema of the prediction log, which the service writes and the graph reads."""

import pytest
from pydantic import ValidationError

from titanic_model.contract import Passenger
from titanic_model.events import OutcomeEvent, PredictionEvent

PREDICTION = {
    "time": 1_790_000_000.25,
    "request_id": "batch.3",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "caller": "127.0.0.1",
    "on_behalf_of": "person 7",
    "way": "batch_predict",
    "passenger_id": 7,
    "input": Passenger(pclass=1, sex="female", age=38.0, name="Müller, Mrs. Ida"),
    "variant": "challenger",
    "model_version": "3",
    "probability": 0.8456123,
    "survived": True,
    "served": False,
    "latency_ms": 1.25,
}
OUTCOME = {"time": 1_790_000_000.5, "request_id": "r", "caller": "", "survived": False}


@pytest.mark.parametrize(
    "event", [PredictionEvent(**PREDICTION), OutcomeEvent(**OUTCOME)], ids=lambda e: e.kind
)
def test_what_is_written_is_read_as_it_was(event):
    line = event.model_dump_json()
    assert "\n" not in line
    assert type(event).model_validate_json(line) == event


def test_the_kind_tells_one_from_the_other():
    with pytest.raises(ValidationError, match="kind"):
        OutcomeEvent.model_validate_json(
            OutcomeEvent(**OUTCOME).model_dump_json().replace("outcome", "prediction")
        )


def test_what_is_not_always_there_may_be_left_out():
    optional = ("trace_id", "on_behalf_of", "passenger_id")
    event = PredictionEvent(**{k: v for k, v in PREDICTION.items() if k not in optional})
    assert (event.trace_id, event.on_behalf_of, event.passenger_id) == ("", "", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("way", "guess"),
        ("on_behalf_of", "x" * 129),
        ("on_behalf_of", "two\nlines"),
        ("variant", "deputy"),
        ("input", {"pclass": 9, "sex": "male"}),
        ("probability", None),
        ("colour", "red"),
    ],
)
def test_what_is_no_event_is_refused(field, value):
    with pytest.raises(ValidationError, match=field):
        PredictionEvent(**{**PREDICTION, field: value})
