"""What one prediction costs the server, beside other ways to serve the same model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.closed_loop import Full, ask_without_pause
from benchmarks.contestants import (
    BARE,
    BY_BYTES,
    DECLARED,
    JOBLIB,
    OURS,
    TUTORIAL,
    TWO_WORKERS,
    Stage,
    all_running,
)
from benchmarks.cores import HOW
from benchmarks.results import Figure, Section
from benchmarks.servers import Running
from titanic_assets.metadata import as_table

CONNECTIONS = (1, 32)
PEERS = (DECLARED, BY_BYTES, BARE, TUTORIAL, JOBLIB)
_ROUNDS, _SECONDS = 3, 2.0
_QUICK_ROUNDS, _QUICK_SECONDS = 1, 1.0
_WARM_UP_SECONDS = 1.0
_TIMES_TUNED, _TIMES_JOBLIB = 1.5, 1 / 25

Rounds = Sequence[Full]
Taken = dict[tuple[str, int], list[Full]]


def measure(
    folder: Path, python: Path, say: Callable[[str], None], *, quick: bool = False
) -> Section:
    """All servers at once, asked in turn."""
    rounds = _QUICK_ROUNDS if quick else _ROUNDS
    seconds = _QUICK_SECONDS if quick else _SECONDS
    stage = Stage(folder, python).prepare()
    say("starting the service and its peers")
    servers = [
        stage.ours(),
        *stage.peers(),
        stage.guarded(),
        stage.ours(TWO_WORKERS, WORKERS="2"),
    ]
    with all_running(servers, folder) as started:
        for each in started:
            ask_without_pause(each, stage.bodies, CONNECTIONS[-1], _WARM_UP_SECONDS)
        taken: Taken = {
            (each.server.name, connections): [] for each in started for connections in CONNECTIONS
        }
        for number in range(1, rounds + 1):
            for connections in CONNECTIONS:
                for each in started:
                    full = _ask(each, stage, connections, seconds)
                    taken[each.server.name, connections].append(full)
            say(f"  round {number} of {rounds}: {_told(taken)}")
    return Section(
        part="service",
        title="One prediction over HTTP, beside other servers",
        words=(
            "CPU time of the server with all its processes for each request answered, asked by "
            f"wrk without a pause; {HOW} Medians of {rounds} rounds of {seconds:g} s, all servers "
            "in turn; ratios within a round. The model is a soft vote of logistic regression and "
            "gradient boosting, the same for all, and all give the same probabilities. This "
            "service validates, counts metrics, watches drift, logs each prediction to disk and "
            "gives each request an id; the others only validate and predict (`benchmarks/peers`)."
        ),
        figures=tuple(figures_of(taken)),
        table=_table(taken),
    )


def _ask(running: Running, stage: Stage, connections: int, seconds: float) -> Full:
    return ask_without_pause(running, stage.bodies, connections, seconds)


def figures_of(taken: Taken) -> list[Figure]:
    """The costs of ours beside each peer's."""
    bars = {DECLARED: _TIMES_TUNED, BY_BYTES: _TIMES_TUNED, JOBLIB: _TIMES_JOBLIB}
    figures = []
    for connections in CONNECTIONS:
        ours = taken[OURS, connections]
        on = f"{connections} connection{'s' if connections > 1 else ''}"
        for peer in PEERS:
            name = f"{DECLARED}, its body read past FastAPI," if peer == BY_BYTES else peer
            figures.append(
                Figure(
                    f"CPU of a prediction, {name} being 1, {on}",
                    _ratio(ours, taken[peer, connections]),
                    "times",
                    bars.get(peer),
                )
            )
    return figures


def _ratio(ours: Rounds, peer: Rounds) -> float:
    return median(a.microseconds / b.microseconds for a, b in zip(ours, peer, strict=True))


def _table(taken: Taken) -> str:
    rows = []
    for name in dict.fromkeys(name for name, _ in taken):
        costs = [
            f"{median(full.microseconds for full in taken[name, connections]):,.0f} µs"
            for connections in CONNECTIONS
        ]
        many = taken[name, CONNECTIONS[-1]]
        refused = sum(full.refused + full.broken for full in many)
        rows.append(
            [name, *costs, f"{median(full.a_second for full in many):,.0f}", f"{refused:,}"]
        )
    header = ["", "1 connection", "32 connections", "answers a second on 32", "not answered"]
    return as_table(header, rows)


def _told(taken: Taken) -> str:
    last = {name: full[-1].microseconds for (name, count), full in taken.items() if count > 1}
    return "; ".join(f"{name} {microseconds:,.0f} µs" for name, microseconds in last.items())
