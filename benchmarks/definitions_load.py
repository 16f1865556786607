"""What it costs to load the definitions, which is how every process of Dagster begins."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import middle, run_costed
from benchmarks.results import Figure, Section

_TURNS = 7
_SECONDS, _MB = 1.5, 150.0


def measure(folder: Path, say: Callable[[str], None]) -> Section:
    """Import the definitions, and Dagster alone, in fresh interpreters, turn by turn."""
    ours, dagster = [], []
    for _ in range(_TURNS):
        ours.append(run_costed(["-c", "import titanic_assets.definitions"], folder)[0])
        dagster.append(run_costed(["-c", "import dagster"], folder)[0])
    load, floor = middle(ours), middle(dagster)
    say(f"  definitions {load.wall:.2f} s, {load.peak_mb:.0f} MB")
    return Section(
        part="definitions",
        title="Loading the definitions",
        words=(
            "A fresh interpreter imports `titanic_assets.definitions`, the interpreter's own start "
            f"included; median of {_TURNS} turns. Beside it: one that imports Dagster alone."
        ),
        figures=(
            Figure("time", load.wall, "s", _SECONDS),
            Figure("memory", load.peak_mb, "MB", _MB),
            Figure("CPU time", load.cpu, "s"),
            Figure("time of Dagster alone", floor.wall, "s"),
            Figure("memory of Dagster alone", floor.peak_mb, "MB"),
        ),
    )
