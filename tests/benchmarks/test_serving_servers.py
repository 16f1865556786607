"""The servers that are compared do the same work, cost what they cost, and end afterwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks import serving_cost, serving_start
from benchmarks.__main__ import SERVING
from benchmarks.closed_loop import ask_without_pause
from benchmarks.contestants import (
    BARE,
    Stage,
    all_running,
    require_same_answers,
)
from benchmarks.fixed_rate import offer
from benchmarks.hot_swap import at_fixed_rate, look_at
from benchmarks.processes import BenchmarkFailed
from benchmarks.served_model import passengers
from benchmarks.servers import Server, running, uvicorn
from benchmarks.serving_environment import serving_python
from benchmarks.serving_work import as_csv, as_json, batch

PYTHON = Path(sys.executable)
needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
BUSY = """
import time
async def app(scope, receive, send):
    if scope["type"] != "http": raise RuntimeError
    until = time.thread_time() + 0.005
    while time.thread_time() < until: pass
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("stage"), PYTHON).prepare()


@pytest.fixture(scope="module")
def service(stage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service") / "server"
    with running(stage.ours(DRIFT_WINDOW="200"), folder) as started:
        yield started


def test_all_contestants_give_the_same_answers_and_none_outlives_the_measurement(stage, tmp_path):
    with all_running([stage.ours(), *stage.peers(), stage.guarded()], tmp_path) as started:
        names = {each.server.name for each in started}
        pids = [process.pid for each in started for process in each.processes]

    assert len(names) == len(started) == 7
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_a_contestant_with_another_model_is_found_out(service, tmp_path):
    other = Stage(tmp_path / "other", PYTHON)
    other.releases.mkdir(parents=True)
    other.prepare()
    other.swap_to(2)
    with (
        running(other.ours("another model"), tmp_path / "server") as impostor,
        pytest.raises(BenchmarkFailed, match="another model gives"),
    ):
        require_same_answers([service, impostor])


def test_a_server_that_does_not_start_is_told_with_what_it_said(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no coal')"]
    with (
        pytest.raises(BenchmarkFailed, match="no coal"),
        running(Server("the boiler", command, "/"), tmp_path / "server"),
    ):
        pass


@needs_wrk
def test_the_cost_of_a_request_is_that_of_the_server(stage, tmp_path):
    (tmp_path / "busy.py").write_text(BUSY)
    server = Server("busy", uvicorn("busy:app", "--app-dir", str(tmp_path)), "/")
    with running(server, tmp_path / "server") as started:
        full = ask_without_pause(started, stage.bodies, 2, 1)

    assert 5000 <= full.microseconds < 8000
    assert (full.refused, full.broken) == (0, 0)


@needs_wrk
def test_refusals_are_not_counted_as_answers(stage, service):
    with pytest.raises(BenchmarkFailed, match="answers nothing"):
        ask_without_pause(service, stage.bodies, 2, 1, "/api/v1/outcomes")


@needs_wrk
def test_predictions_are_measured_as_they_are_logged(stage, service):
    full = ask_without_pause(service, stage.bodies, 4, 1)

    assert full.answered > 100
    assert 20 < full.microseconds < 20_000
    memory = service.memory()
    assert 0 < memory.uss < memory.rss < 1000


def test_the_service_is_asked_at_a_fixed_rate(stage, service):
    answers = offer(service, stage.bodies, [(100, 1)])
    assert answers.served.count == 100
    assert answers.late_milliseconds(50) < 50


def test_swaps_are_seen_in_the_answers(stage, service):
    answers, written = at_fixed_rate(service, stage, rate=50, swaps=2)
    swaps = look_at(answers, written)
    stage.swap_to(1)

    assert answers.not_served == 0
    assert len(swaps.during) == len(swaps.seconds) == 2
    assert max(swaps.seconds) < 4


@pytest.mark.parametrize(("kind", "write"), [("application/json", as_json), ("text/csv", as_csv)])
def test_a_long_batch_is_measured_only_if_every_row_is_answered(service, kind, write):
    cost = batch(service, kind, write(10_000), rounds=1, calls=1)
    assert 0 < cost.milliseconds < 10_000
    with pytest.raises(BenchmarkFailed, match="99 answers"):
        batch(service, kind, write(99), rounds=1, calls=1)


def test_who_is_asked_about_is_a_mixed_company_that_breaks_no_rule(service):
    people = list(passengers())
    assert {person["pclass"] for person in people} == {1, 2, 3}
    assert {person["sex"] for person in people} == {"female", "male"}
    for person in people[:3]:
        service.ask(person)


@needs_wrk
def test_start_and_memory_are_told_with_their_bars(tmp_path):
    section = serving_start.measure(tmp_path, PYTHON, lambda _: None, quick=True)
    figures = {figure.what: figure for figure in section.figures}

    assert figures["start to ready"].bar == 3
    assert 0.5 < figures["start to ready"].value < 60
    assert figures["memory of a worker after load"].bar == 150


def test_the_ratio_is_within_a_round():
    def full(microseconds):
        return serving_cost.Full(1000, 0, 0, 1.0, microseconds / 1000)

    taken = {
        (name, connections): [full(200), full(100), full(400)]
        for name in (*serving_cost.PEERS, serving_cost.OURS)
        for connections in serving_cost.CONNECTIONS
    }
    taken[BARE, 32] = [full(100), full(50), full(200)]
    figures = {figure.what: figure.value for figure in serving_cost.figures_of(taken)}
    assert figures[f"CPU of a prediction, {BARE} being 1, 32 connections"] == pytest.approx(2)
    assert figures[f"CPU of a prediction, {BARE} being 1, 1 connection"] == pytest.approx(1)


def test_each_part_of_serving_can_be_measured_alone():
    assert set(SERVING) == {"service", "work", "start", "load", "swap"}


def test_the_serving_environment_has_the_serving_lock_and_nothing_else(tmp_path):
    python = serving_python(tmp_path)
    missing = "import bentoml, onnxruntime, importlib.util as u; print(u.find_spec('pandas'))"
    said = subprocess.run([python, "-c", missing], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "None"
