"""What a running service has logged, read as the graph reads it, without waiting for segments."""

import json

from pydantic import TypeAdapter

from tests.service.serving import wait_until
from titanic_model.events import OutcomeEvent, PredictionEvent

EVENT = TypeAdapter(PredictionEvent | OutcomeEvent)


def events(folder):
    """All whole lines, in the order of their times."""
    lines = [
        line for path in folder.rglob("*.jsonl*") for line in path.read_bytes().split(b"\n")[:-1]
    ]
    return sorted((EVENT.validate_json(line) for line in lines), key=lambda event: event.time)


def events_of(folder, request_id, count):
    """That many events of one request, a batch's rows included."""

    def found():
        its = [
            event
            for event in events(folder)
            if event.request_id == request_id or event.request_id.startswith(f"{request_id}.")
        ]
        return its if len(its) >= count else None

    its = wait_until(found, 20, f"no {count} events of {request_id}: {json.dumps(request_id)}")
    assert len(its) == count
    return its
