"""What the service's larger requests cost it: long batches, explanations, passengers by id."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.closed_loop import ask_without_pause
from benchmarks.contestants import Stage
from benchmarks.cores import HOW
from benchmarks.feature_server import feature_server, write_paths
from benchmarks.processes import BenchmarkFailed
from benchmarks.results import Figure, Section
from benchmarks.served_model import passengers
from benchmarks.servers import Running, running

ROWS = 10_000
_BATCH_MS = 80.0
_ROUNDS, _CALLS = 3, 8
_QUICK_ROUNDS, _QUICK_CALLS = 1, 3
_CONNECTIONS = 4
_SECONDS, _QUICK_SECONDS = 4.0, 1.0
_JSON, _CSV = "application/json", "text/csv"


@dataclass(frozen=True)
class Batch:
    """What one call with many rows takes."""

    milliseconds: float
    wall_milliseconds: float
    peak_mb: float
    grown_mb: float


def measure(
    folder: Path, python: Path, say: Callable[[str], None], *, quick: bool = False
) -> Section:
    """Batches first, while the memory is what it was at the start."""
    rounds = _QUICK_ROUNDS if quick else _ROUNDS
    calls = _QUICK_CALLS if quick else _CALLS
    seconds = _QUICK_SECONDS if quick else _SECONDS
    stage = Stage(folder, python).prepare()
    with feature_server(folder / "features", say) as features:
        # A machine at its limits is slow; here it is the work that counts, not the time.
        server = stage.ours(FEATURES_URL=features.url, FEATURES_TIMEOUT_SECONDS="30")
        with running(server, folder / "server") as service:
            by_kind = {}
            for kind, body in ((_JSON, as_json(ROWS)), (_CSV, as_csv(ROWS))):
                by_kind[kind] = batch(service, kind, body, rounds, calls)
                say(f"  {ROWS:,} rows as {kind}: {by_kind[kind].milliseconds:.0f} ms of CPU")
            explained = ask_without_pause(
                service, stage.bodies, _CONNECTIONS, seconds, "/api/v1/explain"
            )
            say(f"  an explanation: {explained.microseconds / 1000:.2f} ms of CPU")
            paths = write_paths(folder / "paths")
            ask_without_pause(service, paths, _CONNECTIONS, 1)
            began = features.cpu()
            by_id = ask_without_pause(service, paths, _CONNECTIONS, seconds)
            say(f"  a prediction by id: {by_id.microseconds / 1000:.2f} ms of CPU")
            feast = (features.cpu() - began) / by_id.answered
    for full, what in ((explained, "explanations"), (by_id, "predictions by id")):
        if full.refused or full.broken:
            raise BenchmarkFailed(f"{full.refused + full.broken} {what} failed")
    return Section(
        part="work",
        title="Long batches, explanations, predictions by id",
        words=(
            f"CPU time of the service with all its processes for each request. {HOW} A batch is "
            f"{ROWS:,} passengers of the packaged list with their names, sent as JSON and as CSV "
            f"and answered in kind: median of {rounds} rounds of {calls} calls, one after the "
            "other. Memory is the worker's highest while it answers, and by how much it has "
            "grown after. Explanations and passengers by id are asked for on "
            f"{_CONNECTIONS} connections; ids are looked up in Feast's own feature server over "
            "SQLite, on the same core."
        ),
        figures=(
            *_figures("JSON", by_kind[_JSON]),
            *_figures("CSV", by_kind[_CSV]),
            Figure("CPU of an explanation", explained.microseconds / 1000, "ms"),
            Figure("CPU of a prediction by id", by_id.microseconds / 1000, "ms"),
            Figure("CPU of Feast's server for it", feast * 1000, "ms"),
        ),
    )


def as_json(rows: int) -> bytes:
    """A batch of so many passengers."""
    return json.dumps({"passengers": _people(rows)}).encode()


def as_csv(rows: int) -> bytes:
    """The same batch as a passenger list."""
    text, people = io.StringIO(), _people(rows)
    columns = list(dict.fromkeys(name for person in people for name in person))
    lines = csv.DictWriter(text, columns)
    lines.writeheader()
    lines.writerows(people)
    return text.getvalue().encode()


def batch(service: Running, kind: str, body: bytes, rounds: int, calls: int) -> Batch:
    """Send it again and again."""
    costs, walls = [], []
    with httpx.Client(trust_env=False, timeout=60) as client:
        _send(client, service, kind, body)
        before = service.memory().rss
        service.forget_peak()
        for _ in range(rounds):
            began = service.cpu()
            wall = sum(_send(client, service, kind, body) for _ in range(calls))
            costs.append((service.cpu() - began) / calls)
            walls.append(wall / calls)
    return Batch(
        milliseconds=median(costs) * 1000,
        wall_milliseconds=median(walls) * 1000,
        peak_mb=service.peak_mb(),
        grown_mb=service.memory().rss - before,
    )


def _send(client: httpx.Client, service: Running, kind: str, body: bytes) -> float:
    answer = client.post(
        f"http://127.0.0.1:{service.port}/api/v1/batch_predict",
        content=body,
        headers={"Content-Type": kind, "Accept": kind},
    )
    answered = answer.content.count(b'"probability"') or answer.content.count(b"\n") - 1
    if answer.status_code != httpx.codes.OK or answered != ROWS:
        raise BenchmarkFailed(
            f"a batch as {kind} gets {answer.status_code} and {answered:,} answers: "
            f"{answer.text[:500]}"
        )
    return answer.elapsed.total_seconds()


def _people(rows: int) -> list[Mapping[str, Any]]:
    return list(islice(cycle(passengers(every=1)), rows))


def _figures(kind: str, cost: Batch) -> tuple[Figure, ...]:
    name = f"{ROWS:,} rows as {kind}"
    return (
        Figure(f"CPU of {name}", cost.milliseconds, "ms", _BATCH_MS),
        Figure(f"wall time of {name}", cost.wall_milliseconds, "ms"),
        Figure(f"highest memory, {name}", cost.peak_mb, "MB"),
        Figure(f"memory grown by, {name}", cost.grown_mb, "MB"),
    )
