"""The prediction log collected and read back: CPU of each event, and the memory of it all."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import BenchmarkFailed, Cost, run_costed
from benchmarks.results import Figure, Section
from titanic_assets.metadata import as_table

SIZES = (1_000_000, 10_000_000)
_BARS_FROM_EVENTS = 10_000_000
_COLLECT_MICROSECONDS = 30.0
_READ_MICROSECONDS = 3.0
_PEAK_MB = 600.0
# What an event more in the log may add to the peak: an outcome's share of the index, and no more.
_BYTES_MORE = 25.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """What a log of one size costs."""

    events: int
    log_bytes: int
    table_bytes: int
    collect: Cost
    again: Cost
    read: Cost
    label: Cost


def measure(folder: Path, sizes: Sequence[int], say: Say) -> Section:
    """Measure every size and set the bars."""
    measured = [_measure(folder, events, say) for events in sizes]
    return Section(
        part="events",
        title="The prediction log, collected and read back",
        words=(
            "A log as the service writes it (segments of 8 MB; a tenth of the events are outcomes) "
            "is collected into tables and read back, each in a process of its own, start-up "
            "included: *collect* validates each line and writes it down exactly once, *again* is "
            "the next collection, which finds nothing new, *read* goes through all predictions "
            "with eight columns and what became of the passengers, *label* makes training rows. "
            "Each has to meet as many events as were logged."
        ),
        figures=tuple(_figures(measured)),
        table=_table(measured),
    )


def _measure(folder: Path, events: int, say: Say) -> Measured:
    say(f"logging {events:,} events")
    home = folder / f"{events}"
    home.mkdir()

    def run(what: str, expected: int, *numbers: str) -> Cost:
        cost, said = run_costed(["-m", "benchmarks.events", what, str(home), *numbers], home)
        if int(said) != expected and expected >= 0:
            raise BenchmarkFailed(f"{what} met {int(said):,} of {expected:,} events")
        say(f"  {what}: {cost.cpu:.1f} s of CPU, {cost.peak_mb:,.0f} MB")
        return cost

    run("log", events, str(events))
    measured = Measured(
        events=events,
        log_bytes=_size(home / "predictions"),
        collect=run("collect", events),
        table_bytes=_size(home / "events"),
        again=run("collect", 0),
        read=run("read", events),
        label=run("label", -1),
    )
    shutil.rmtree(home)
    return measured


def _figures(measured: Sequence[Measured]) -> list[Figure]:
    figures = []
    for size in measured:
        events, barred = f"{size.events:,} events", size.events >= _BARS_FROM_EVENTS
        figures += [
            Figure(f"CPU of collecting an event, {events}", size.collect.cpu / size.events * 1e6,
                   "µs", _COLLECT_MICROSECONDS if barred else None),
            Figure(f"peak memory of collecting, {events}", size.collect.peak_mb, "MB",
                   _PEAK_MB if barred else None),
            Figure(f"CPU of reading an event, joined, {events}", size.read.cpu / size.events * 1e6,
                   "µs", _READ_MICROSECONDS if barred else None),
            Figure(f"peak memory of reading, joined, {events}", size.read.peak_mb, "MB",
                   _PEAK_MB if barred else None),
            Figure(f"peak memory of labelling, {events}", size.label.peak_mb, "MB"),
        ]  # fmt: skip
    if len(measured) > 1:
        fewer, most = measured[-2:]
        for what in ("collect", "read"):
            more = getattr(most, what).peak_mb - getattr(fewer, what).peak_mb
            figures.append(
                Figure(
                    f"memory that an event more takes to {what}, {most.events:,} events beside "
                    f"{fewer.events:,}",
                    max(0.0, more) * 1e6 / (most.events - fewer.events),
                    "bytes",
                    _BYTES_MORE if most.events >= _BARS_FROM_EVENTS else None,
                )
            )
    return figures


def _table(measured: Sequence[Measured]) -> str:
    rows = []
    for size in measured:
        for what in ("collect", "again", "read", "label"):
            cost: Cost = getattr(size, what)
            rows.append(
                [f"{size.events:,}", what, f"{cost.cpu:.2f} s", f"{cost.wall:.2f} s",
                 f"{cost.cpu / size.events * 1e6:.2f} µs", f"{cost.peak_mb:,.0f} MB",
                 f"{size.log_bytes / 1e6:,.0f} MB", f"{size.table_bytes / 1e6:,.0f} MB"]
            )  # fmt: skip
    header = ["events", "", "CPU", "wall", "CPU an event", "peak memory", "log", "tables"]
    return as_table(header, rows)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
