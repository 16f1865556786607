"""The graph's data part beside plain pandas: turn by turn on the same list, in fresh processes."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.processes import BenchmarkFailed, Cost, middle, run_costed
from benchmarks.results import Figure, Section
from benchmarks.synthetic import write_synthetic
from titanic_assets.metadata import as_table
from titanic_assets.tables import Table
from titanic_model.places import Places

ASSETS = ("raw_passengers", "quarantined_passengers", "validated_passengers", "passenger_features")
SIZES = (1_309, 100_000, 5_000_000)
_BARS_FROM_ROWS = 5_000_000
_TIMES_BY_HAND = 2.0
_PEAK_MB = 3_000.0
# Per row; a cost that grew with the square of the rows would be fifty times as much.
_TIMES_FEWER_ROWS = 1.5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """What one size of list costs."""

    rows: int
    graph: Cost
    by_hand: Cost
    ratio: float
    steps: Cost


def measure(folder: Path, sizes: Sequence[int], repeat: int, say: Say) -> Section:
    """Measure every size and set the bars."""
    measured = [_measure(folder, rows, repeat, say) for rows in sizes]
    return Section(
        part="data",
        title="The data part of the graph, beside plain pandas",
        words=(
            "A synthetic list is read, validated and made into features: by the graph through "
            "Dagster (`raw_passengers` to `passenger_features`, with provenance, reasons, report "
            "and pictures), and by hand (`benchmarks/by_hand.py`: the same rules and features, "
            "nothing else). Whole processes, start-up included, turn by turn on the same file; "
            "both must keep the same number of rows. Costs are medians, "
            f"turns taken {repeat}; the ratio is that of CPU times within a turn. The row "
            "*validate + features* is those two steps alone, in a warm process."
        ),
        figures=tuple(_figures(measured)),
        table=_table(measured),
    )


def run_both(source: Path, folder: Path) -> tuple[Cost, Cost]:
    """One turn of the graph and one by hand; what they made stays under the folder."""
    home = folder / "home"
    graph, _ = run_costed(["-m", "benchmarks.graph", str(home), str(source), *ASSETS], home)
    target = folder / "by_hand.parquet"
    by_hand, _ = run_costed(["-m", "benchmarks.by_hand", str(source), str(target)], home)
    kept = [_table_of(home, "passenger_features").rows, Table(target).rows]
    if kept[0] != kept[1]:
        raise BenchmarkFailed(f"the graph keeps {kept[0]:,} rows, by hand it is {kept[1]:,}")
    return graph, by_hand


def _measure(folder: Path, rows: int, repeat: int, say: Say) -> Measured:
    say(f"writing a list of {rows:,} passengers")
    source = folder / "passengers.csv"
    write_synthetic(rows, source)
    turns, steps = [], []
    for turn in range(1, repeat + 1):
        place = folder / f"turn {turn}"
        place.mkdir()
        graph, by_hand = run_both(source, place)
        turns.append((graph, by_hand))
        steps.append(_run_steps(_table_of(place / "home", "raw_passengers"), place))
        say(
            f"  turn {turn} of {repeat}: graph {graph.cpu:.1f} s of CPU, {graph.peak_mb:,.0f} MB; "
            f"by hand {by_hand.cpu:.1f} s, {by_hand.peak_mb:,.0f} MB"
        )
        shutil.rmtree(place)
    return Measured(
        rows=rows,
        graph=middle([graph for graph, _ in turns]),
        by_hand=middle([by_hand for _, by_hand in turns]),
        ratio=median(graph.cpu / by_hand.cpu for graph, by_hand in turns),
        steps=middle(steps),
    )


def _run_steps(raw: Table, folder: Path) -> Cost:
    cost, said = run_costed(["-m", "benchmarks.steps", str(raw.path), str(folder)], folder)
    cpu, wall = map(float, said.split())
    return Cost(wall=wall, cpu=cpu, peak_mb=cost.peak_mb)


def _figures(measured: Sequence[Measured]) -> list[Figure]:
    figures = []
    for size in measured:
        rows, barred = f"{size.rows:,} passengers", size.rows >= _BARS_FROM_ROWS
        figures += [
            Figure(f"CPU of the graph, by hand being 1, {rows}", size.ratio, "times",
                   _TIMES_BY_HAND if barred else None),
            Figure(f"peak memory of the graph, {rows}", size.graph.peak_mb, "MB",
                   _PEAK_MB if barred else None),
        ]  # fmt: skip
    if len(measured) > 1:
        fewer, most = measured[-2:]
        figures.append(
            Figure(
                "CPU of validate + features per row, "
                f"{most.rows:,} passengers beside {fewer.rows:,}",
                (most.steps.cpu / most.rows) / (fewer.steps.cpu / fewer.rows),
                "times",
                _TIMES_FEWER_ROWS if most.rows >= _BARS_FROM_ROWS else None,
            )
        )
    return figures


def _table(measured: Sequence[Measured]) -> str:
    rows = []
    for size in measured:
        for who, cost in (
            ("graph", size.graph),
            ("by hand", size.by_hand),
            ("validate + features", size.steps),
        ):
            rows.append(
                [f"{size.rows:,}", who, f"{size.rows / cost.wall:,.0f}", f"{cost.cpu:.2f} s",
                 f"{cost.wall:.2f} s", f"{cost.cpu / size.rows * 1e6:.1f} µs",
                 f"{cost.peak_mb:,.0f} MB"]
            )  # fmt: skip
    header = ["passengers", "", "rows a second", "CPU", "wall", "CPU a row", "peak memory"]
    return as_table(header, rows)


def _table_of(home: Path, asset: str) -> Table:
    return Table((Places(home).tables / asset).with_suffix(".parquet"))
