"""The model is swapped again and again while requests come in: who notices?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread

import numpy as np

from benchmarks.closed_loop import Full, ask_without_pause
from benchmarks.contestants import Stage
from benchmarks.cores import HOW
from benchmarks.fixed_rate import Answers, offering
from benchmarks.processes import BenchmarkFailed
from benchmarks.results import Figure, Section
from benchmarks.servers import Running, running

_SWAPS, _QUICK_SWAPS = 6, 2
_APART_SECONDS = 4.0
_BEFORE_SECONDS = 3.0
_SHARE_OF_CAPACITY = 0.6
_CAPACITY_SECONDS = 3.0
_TIMES_USUAL = 2.0
# The second of a swap: loading is over when the first answer of the new model comes.
_LOADING_SECONDS, _BEHIND_SECONDS = 0.75, 0.25
# Swaps this much apart do not fall on the same beat of anything in the service.
_ODD_SECONDS = 0.137


@dataclass(frozen=True)
class Swaps:
    """What was seen of them: seconds each, and milliseconds that 99 % were within."""

    seconds: Sequence[float]
    during: Sequence[float]
    usual: Sequence[float]


def measure(
    folder: Path, python: Path, say: Callable[[str], None], *, quick: bool = False
) -> Section:
    """At a fixed rate for the latency, and without a pause for the failures."""
    swaps = _QUICK_SWAPS if quick else _SWAPS
    stage = Stage(folder, python).prepare()
    with running(stage.ours(), folder / "server") as service:
        ask_without_pause(service, stage.bodies, 32, 1)
        capacity = ask_without_pause(service, stage.bodies, 32, _CAPACITY_SECONDS).on_a_whole_core
        rate = round(capacity * _SHARE_OF_CAPACITY)
        say(f"  {swaps} swaps at {rate:,} requests a second")
        answers, written = at_fixed_rate(service, stage, rate, swaps)
        seen = look_at(answers, written)
        say(f"  {swaps} swaps under full load")
        full = without_pause(service, stage, swaps)
    late = answers.late_milliseconds(99)
    return Section(
        part="swap",
        title="A hot swap under load",
        words=(
            f"`current.json` names another version {swaps} times, {_APART_SECONDS:g} s apart: once "
            f"at {rate:,} requests a second ({_SHARE_OF_CAPACITY:.0%} of what one core can do) "
            "with latency counted from when a request was due, once with 32 connections asking "
            f"without a pause. {HOW} The second of a swap reaches from {_LOADING_SECONDS:g} s "
            "before the first answer of the new model, in which it is loaded, to "
            f"{_BEHIND_SECONDS:g} s after it; its usual value is that of all other seconds. The "
            f"client itself was at most {late:.2f} ms late with 99 % of its requests."
        ),
        figures=(
            Figure("failed at the fixed rate", answers.not_served, "requests", 0),
            Figure("failed under full load", full.refused + full.broken, "requests", 0),
            Figure("99 % in the second of a swap, the usual being 1, median swap",
                   median(seen.during) / median(seen.usual), "times", _TIMES_USUAL),
            Figure("99 % in the second of a swap, median swap", median(seen.during), "ms"),
            Figure("99 % in the second of a swap, worst swap", max(seen.during), "ms"),
            Figure("99 % in other seconds, median", median(seen.usual), "ms"),
            Figure("99 % in other seconds, worst", max(seen.usual), "ms"),
            Figure("from `current.json` to the first answer of the new model", median(seen.seconds),
                   "s"),
            Figure("answered under full load", full.a_second, "a second"),
        ),
    )  # fmt: skip


def at_fixed_rate(
    service: Running, stage: Stage, rate: float, swaps: int
) -> tuple[Answers, list[float]]:
    """Swap while requests are due at this rate; returns also when each swap was asked for."""
    seconds = _BEFORE_SECONDS + swaps * (_APART_SECONDS + _ODD_SECONDS)
    written = []
    with offering(service, stage.bodies, [(rate, seconds)]) as client:
        time.sleep(_BEFORE_SECONDS)
        for number in range(swaps):
            written.append(time.monotonic())
            stage.swap_to(_version(number))
            time.sleep(_APART_SECONDS + _ODD_SECONDS)
        return client.answers(), written


def look_at(answers: Answers, written: Sequence[float]) -> Swaps:
    """Find the second of each swap, and compare it with the others."""
    seconds, during, busy = [], [], []
    for number, asked in enumerate(written):
        new = (answers.version == _version(number)) & (answers.done >= asked)
        if not new.any():
            raise BenchmarkFailed(f"no answer by version {_version(number)} after the swap to it")
        first = float(answers.done[new].min())
        begin, end = first - _LOADING_SECONDS, first + _BEHIND_SECONDS
        seconds.append(first - asked)
        during.append(answers.between(begin, end).milliseconds(99))
        busy.append((begin, end))
    usual = [
        answers.between(begin, begin + 1).milliseconds(99)
        for begin in np.arange(answers.due[0], answers.due[-1] - 1, 1.0)
        if all(begin + 1 <= start or begin >= end for start, end in busy)
    ]
    return Swaps(seconds, during, usual)


def without_pause(service: Running, stage: Stage, swaps: int) -> Full:
    """Swap while 32 connections ask as fast as they are answered."""
    over = Event()

    def swap() -> None:
        for number in range(swaps):
            if over.wait(_APART_SECONDS):
                break
            stage.swap_to(_version(number))

    swapper = Thread(target=swap)
    swapper.start()
    try:
        return ask_without_pause(service, stage.bodies, 32, (swaps + 1) * _APART_SECONDS)
    finally:
        over.set()
        swapper.join()


def _version(swap: int) -> int:
    """The first is live when it begins."""
    return 2 if swap % 2 == 0 else 1
