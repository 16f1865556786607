"""Logs for tests, and what is read back from them as a reader of closed segments sees it."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from bento_service.prediction_log.encoding import outcome_line
from bento_service.prediction_log.log import PredictionLog


def line(number: int, caller: str = "") -> bytes:
    """A line whose request id is a number."""
    return outcome_line(time.time(), str(number), caller, survived=True)


def record(log: PredictionLog, numbers: range, caller: str = "") -> list[bool]:
    """Record a line for each number; whether each was taken."""
    return [log.record(line(number, caller), 1) for number in numbers]


def closed_segments(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jsonl"))


def open_segments(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.open"))


def events_of(segment: Path) -> list[dict[str, object]]:
    """Every line of a closed segment; one that is torn is an error."""
    content = segment.read_bytes()
    assert content.endswith(b"\n")
    return [json.loads(text) for text in content.splitlines()]


def numbers_in(folder: Path) -> list[int]:
    """The numbers in all closed segments, in their order."""
    segments = closed_segments(folder)
    return [int(str(event["request_id"])) for path in segments for event in events_of(path)]


def until(condition: Callable[[], object], within: float = 20.0) -> None:
    """Wait for something to become true."""
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up, "it did not become true"
        time.sleep(0.01)
