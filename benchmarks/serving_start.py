"""How soon the service is ready, and how much memory a worker takes."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.closed_loop import ask_without_pause
from benchmarks.contestants import Stage
from benchmarks.results import Figure, Section
from benchmarks.servers import running

_TURNS, _QUICK_TURNS = 5, 2
_SECONDS, _MB = 3.0, 150.0
_LOAD_SECONDS, _QUICK_LOAD_SECONDS = 10.0, 2.0


def measure(
    folder: Path, python: Path, say: Callable[[str], None], *, quick: bool = False
) -> Section:
    """Start it several times; the last one is then kept busy."""
    turns = _QUICK_TURNS if quick else _TURNS
    seconds = _QUICK_LOAD_SECONDS if quick else _LOAD_SECONDS
    stage = Stage(folder, python).prepare()
    ready, cpu, memory = [], [], []
    for turn in range(turns):
        with running(stage.ours(), folder / f"server {turn}") as service:
            ready.append(service.ready_after)
            cpu.append(service.cpu())
            memory.append(service.memory())
            say(f"  ready after {ready[-1]:.2f} s, {memory[-1].rss:.0f} MB")
            if turn == turns - 1:
                full = ask_without_pause(service, stage.bodies, 32, seconds)
                loaded = service.memory()
                others = [each for each in service.processes if each != service.worker]
                beside = sum(each.memory_info().rss for each in others) / 1e6
    return Section(
        part="start",
        title="Start and memory of the service",
        words=(
            "In an environment that has only the serving lock, on one core, from the command to "
            f"`/readyz` answering 200, which it does when the model is loaded; median of {turns} "
            f"turns. Memory of a worker when it is ready and after {full.answered:,} predictions "
            f"in {seconds:g} s; the proportional share counts what processes share only once."
        ),
        figures=(
            Figure("start to ready", median(ready), "s", _SECONDS),
            Figure("CPU time until ready", median(cpu), "s"),
            Figure("memory of a worker when ready", median(each.rss for each in memory), "MB", _MB),
            Figure("memory of a worker after load", loaded.rss, "MB", _MB),
            Figure("its proportional share", loaded.pss, "MB"),
            Figure("its alone", loaded.uss, "MB"),
            Figure("memory of the processes beside the worker", beside, "MB"),
        ),
    )
