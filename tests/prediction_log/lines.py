"""Predictions as the service logs them, made up for tests."""

from datetime import datetime

from bento_service.prediction_log.encoding import outcome_line, prediction_line
from titanic_model.contract import Passenger

DAY = "2026-11-21"


def seconds(clock, day=DAY):
    """`13:51:02` of that day, as events have it."""
    return datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()


def a_line(
    at,
    *,
    version="1",
    way="predict",
    latency_ms=1.0,
    request_id="r",
    caller="127.0.0.1",
    on_behalf_of="",
    passenger_id=None,
    variant="champion",
    probability=0.2,
    **passenger,
):
    """One prediction by that version."""
    return prediction_line(
        time=at,
        request_id=request_id,
        trace_id="",
        caller=caller,
        on_behalf_of=on_behalf_of,
        way=way,
        passenger_id=passenger_id,
        passenger=Passenger(**{"pclass": 3, "sex": "male", **passenger}),
        variant=variant,
        model_version=version,
        probability=probability,
        survived=probability >= 0.5,
        served=True,
        latency_ms=latency_ms,
    )


def an_outcome(at, *, request_id="r", caller="127.0.0.1", survived=True):
    """What became of somebody."""
    return outcome_line(at, request_id, caller, survived=survived)


def segment_name(clock, *, day=DAY, writer="host-0", ending=".jsonl"):
    """What a segment is called that began at that time, from the log's folder."""
    return f"{day}/{day}T{clock.replace(':', '-')}.000000Z-{writer}-0123abcd{ending}"


def a_segment(folder, clock, lines, *, day=DAY, writer="host-0", ending=".jsonl"):
    """A segment that began at that time, with these lines."""
    path = folder / segment_name(clock, day=day, writer=writer, ending=ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path
