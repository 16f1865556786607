"""A prediction log of any length, and what the graph does with it, in a process of their own.

    python -m benchmarks.events log HOME EVENTS     write it, as the service does
    python -m benchmarks.events collect HOME        into tables, each event once
    python -m benchmarks.events read HOME           all predictions, joined with their outcomes
    python -m benchmarks.events label HOME          passengers for training

Each prints how many events it has met. Nine in ten events are predictions, most of them of batches;
the tenth is an outcome, of which each belongs to a prediction some time before.
"""

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from bento_service.prediction_log.encoding import batch_lines, outcome_line, prediction_line
from bento_service.prediction_log.folder import SegmentFolder
from titanic_assets.monitoring.events.auditing import audit
from titanic_assets.monitoring.events.collecting import collect
from titanic_assets.monitoring.events.labelled import label
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.settings import Settings
from titanic_model.contract import FIELDS, Passenger
from titanic_model.schemas import PACKAGED_LIST

_BEGUN = 1_795_000_000.0
_EVERY_SECONDS = 0.05
_SEGMENT_BYTES = 8 << 20
_BATCH = 30
_READ = ["time", "age", "fare", "pclass", "sex", "model_version", "probability", "said"]


def log(home: Path, events: int) -> int:
    """Write so many events into segments of the service's usual size."""
    folder = SegmentFolder(Settings(titanic_home=home).places.prediction_log, 0, 60.0)
    segment = folder.new_segment()
    written = 0
    for lines, count in _lines(events):
        segment.append(memoryview(lines))
        written += count
        if segment.length >= _SEGMENT_BYTES:
            segment.close()
            segment = folder.new_segment()
    segment.close()
    return written


def read(home: Path) -> int:
    """Go through all predictions once, with what became of the passengers."""
    known = count = 0
    for batch in EventStore.of(Settings(titanic_home=home)).predictions(_READ, outcomes=True):
        count += batch.num_rows
        known += batch.num_rows - batch.column("outcome").null_count
    return count + known


def _lines(events: int) -> Iterator[tuple[bytes, int]]:
    """Thirty events at a time: a batch, or single ones and outcomes."""
    people = list(_people())
    chance = random.Random(0)  # noqa: S311 - the same log every time is the point
    asked: list[str] = []
    for start in range(0, events, _BATCH):
        count = min(_BATCH, events - start)
        at = _BEGUN + start * _EVERY_SECONDS
        some = [chance.choice(people) for _ in range(count)]
        request = str(UUID(int=chance.getrandbits(128)))
        version = str(1 + start * 3 // events)
        if start // _BATCH % 5 < 3:
            scores = [chance.random() for _ in some]
            said = [score >= 0.5 for score in scores]
            yield (
                batch_lines(
                    at, request, "", "bench", "", "batch_predict", list(range(count)), some, scores,
                    said, "champion", version, served=True, latency_ms=3.0,
                ),
                count,
            )  # fmt: skip
            asked = [f"{request}.{row}" for row in range(count)]
        elif start // _BATCH % 5 == 3:
            singles = [_single(at, f"{request}-{n}", each, version) for n, each in enumerate(some)]
            yield b"".join(singles), count
        else:
            half = count // 2
            told = asked[:half]
            outcomes = [
                outcome_line(at, name, "bench", survived=chance.random() < 0.4) for name in told
            ]
            singles = [
                _single(at, f"{request}-{n}", each, version)
                for n, each in enumerate(some[len(told) :])
            ]
            yield b"".join([*outcomes, *singles]), count


def _single(at: float, request: str, passenger: Passenger, version: str) -> bytes:
    return prediction_line(
        at, request, "", "bench", "", "predict", None, passenger, "champion", version, 0.25,
        survived=False, served=True, latency_ms=1.0,
    )  # fmt: skip


def _people() -> Iterator[Passenger]:
    kinds = {"integer": int, "number": float}
    with PACKAGED_LIST.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield Passenger(
                **{
                    field.name: kinds.get(field.kind, str)(row[field.name])
                    for field in FIELDS
                    if row[field.name]
                }
            )


def main(what: str, place: str, *numbers: str) -> int:
    """Do one of them; how many events were met."""
    home = Path(place)
    settings = Settings(titanic_home=home)
    match what:
        case "log":
            return log(home, int(numbers[0]))
        case "collect":
            found = collect(settings)
            return (
                found.predictions + found.outcomes if audit(settings.places.events).is_right else 0
            )
        case "read":
            return read(home)
        case _:
            return label(EventStore.of(settings), None, home / "labelled.parquet").predictions


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
