"""Measures what graph and service cost, beside peers in one run, and writes benchmarks/RESULTS.md.

Ends with 0 when every bar is met, with 1 when one is missed, with 2 when something measured fails.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import (
    data_part,
    definitions_load,
    events_part,
    hot_swap,
    make_run,
    one_row,
    serving_cost,
    serving_load,
    serving_start,
    serving_work,
    training_job,
)
from benchmarks.processes import BenchmarkFailed
from benchmarks.results import Section, render
from benchmarks.serving_environment import serving_python

RESULTS = Path(__file__).with_name("RESULTS.md")
SERVING = {
    "service": serving_cost.measure,
    "work": serving_work.measure,
    "start": serving_start.measure,
    "load": serving_load.measure,
    "swap": hot_swap.measure,
}
PARTS = ("data", "events", "definitions", "row", "training", "run", *SERVING)


def read_arguments(given: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--rows", nargs="+", type=int, default=data_part.SIZES, help="sizes of the lists (data)"
    )
    parser.add_argument(
        "--events",
        nargs="+",
        type=int,
        default=events_part.SIZES,
        help="sizes of the logs (events)",
    )
    parser.add_argument("--repeat", type=int, default=2, help="turns for each size (data)")
    parser.add_argument("--thorough", action="store_true", help="the larger budget too (training)")
    parser.add_argument(
        "--quick", action="store_true", help=f"short rounds, for a look ({', '.join(SERVING)})"
    )
    parser.add_argument(
        "--python",
        type=Path,
        help="that serves, instead of one in a fresh environment of the serving lock "
        f"({', '.join(SERVING)})",
    )
    parser.add_argument(
        "--results", type=Path, help=f"the page to write (all parts together: {RESULTS.name})"
    )
    arguments = parser.parse_args(given)
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return arguments


def measure(arguments: argparse.Namespace, folder: Path) -> list[Section]:
    """Measure the parts asked for, one after the other, telling of it."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

    sections = []
    for part in arguments.parts or PARTS:
        say(part)
        place = folder / part
        place.mkdir()
        match part:
            case "definitions":
                section = definitions_load.measure(place, say)
            case "events":
                section = events_part.measure(place, arguments.events, say)
            case "row":
                section = one_row.measure(say)
            case "training":
                section = training_job.measure(place, say, thorough=arguments.thorough)
            case "run":
                section = make_run.measure(place, say)
            case _ if part in SERVING:
                python = arguments.python or serving_python(folder / "serving environment")
                section = SERVING[part](place, python, say, quick=arguments.quick)
            case _:
                section = data_part.measure(place, arguments.rows, arguments.repeat, say)
        sections.append(section)
        for figure in section.figures:
            print(f"    {' | '.join(filter(None, figure.row))}", flush=True)
    return sections


def main(given: Sequence[str]) -> int:
    """Measure, write the page, and say by the exit code how it went."""
    arguments = read_arguments(given)
    # Whoever ends us wants the measured processes and the temporary files gone as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    when, load = datetime.now(UTC), os.getloadavg()[0]
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        try:
            sections = measure(arguments, Path(folder))
        except BenchmarkFailed as failure:
            print(failure, file=sys.stderr)
            return 2
    page = render(sections, " ".join(["python -m benchmarks", *given]), when, load)
    results = arguments.results or (None if arguments.parts else RESULTS)
    if results:
        results.write_text(page, encoding="utf-8")
        print(f"written to {results.name}")
    else:
        print(page)
    return verdict(sections)


def verdict(sections: Sequence[Section]) -> int:
    """0 when every bar is met, 1 when one is missed; each that is missed is named."""
    missed = [figure for section in sections for figure in section.missed]
    for figure in missed:
        print("missed:", ", ".join(figure.row[:3]), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
