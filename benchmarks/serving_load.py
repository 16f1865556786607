"""How soon answers come at a fixed arrival rate on one core, and when there is too much to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.closed_loop import ask_without_pause
from benchmarks.contestants import BARE, Stage
from benchmarks.cores import HOW
from benchmarks.fixed_rate import CONNECTIONS, Answers, offer
from benchmarks.results import Figure, Section
from benchmarks.servers import Running, running
from titanic_assets.metadata import as_table

_RATES = ((500, 5.0), (4_000, 25.0))  # a second, and the bar in milliseconds
_SECONDS, _QUICK_SECONDS = 10.0, 2.0
_CAPACITY_SECONDS = 3.0
_TIMES_CAPACITY = (1.5, 2.5)
_PATIENCE_SECONDS = 0.05
_REFUSED_WITHIN_MS = 50.0
_NORMAL_AGAIN_SECONDS = 1.0
_USUAL_RATE, _USUAL_SECONDS = 500, 3.0
_NORMAL_MS = 5.0  # the bar at the usual rate
_WINDOW_SECONDS, _STEP_SECONDS = 0.2, 0.05


@dataclass(frozen=True)
class Overload:
    """Before, during and after too much."""

    times: float
    rate: int
    seconds: float
    end: float
    before: Answers
    during: Answers
    after: Answers


def measure(
    folder: Path, python: Path, say: Callable[[str], None], *, quick: bool = False
) -> Section:
    """At each rate, then far beyond what one core can do."""
    seconds = _QUICK_SECONDS if quick else _SECONDS
    stage = Stage(folder, python).prepare()
    with running(stage.ours(), folder / "server") as service:
        ask_without_pause(service, stage.bodies, 32, 1)
        capacity = ask_without_pause(service, stage.bodies, 32, _CAPACITY_SECONDS).on_a_whole_core
        say(f"  by its CPU time a core can answer {capacity:,.0f} a second")
        at_rates = []
        for rate, bar in _RATES:
            answers = offer(service, stage.bodies, [(rate, seconds)])
            say(f"  at {rate:,} a second {_told(answers)}")
            at_rates.append((rate, bar, answers))
        overloads = []
        for times in _TIMES_CAPACITY:
            overload = overload_of(service, stage, times, capacity, seconds / 2)
            say(f"  at {overload.rate:,} a second {_told(overload.during)}")
            overloads.append(overload)
    with running(stage.peer(BARE), folder / "bare server") as bare:
        ask_without_pause(bare, stage.bodies, 32, 1)
        floor = offer(bare, stage.bodies, [(_RATES[-1][0], seconds)])
        say(f"  {BARE} at {_RATES[-1][0]:,} a second {_told(floor)}")
    return Section(
        part="load",
        title="Answers at a fixed arrival rate, on one core",
        words=(
            f"Requests are due at a constant rate, on {CONNECTIONS} connections, for {seconds:g} "
            "s. Latency counts from when a request was due, so that nothing is spared those that "
            f"had to wait for a connection. {HOW} Overload is a multiple of what the core can do "
            f"by the CPU time of a request, {capacity:,.0f} a second, for {seconds / 2:g} s "
            f"between two times of {_USUAL_RATE} a second; there a request that finds all "
            f"connections taken for {_PATIENCE_SECONDS:g} s is never sent, and times count from "
            "when it was: so much is more than can even be refused. *Late* "
            "is how late the client sent 99 % of its requests, waiting for a connection included. "
            f"Normal again: 99 % of {_WINDOW_SECONDS:g} s within {_NORMAL_MS:g} ms, and all served."
        ),
        figures=(
            *(
                Figure(f"99 % at {rate:,} a second", answers.milliseconds(99), "ms", bar)
                for rate, bar, answers in at_rates
            ),
            Figure(
                f"99 % at {_RATES[-1][0]:,} a second of {BARE}, for what the machine adds",
                floor.milliseconds(99),
                "ms",
            ),
            *(
                Figure(f"not served at {rate:,} a second", answers.not_served, "requests", 0)
                for rate, _, answers in at_rates
            ),
            *(figure for overload in overloads for figure in _figures(overload)),
        ),
        table=_table(
            [
                *((rate, answers) for rate, _, answers in at_rates),
                *((overload.rate, overload.during) for overload in overloads),
            ]
        ),
    )


def overload_of(
    service: Running, stage: Stage, times: float, capacity: float, seconds: float
) -> Overload:
    """The usual, so many times what can be done, the usual."""
    rate, usual = round(capacity * times), (_USUAL_RATE, _USUAL_SECONDS)
    answers = offer(service, stage.bodies, [usual, (rate, seconds), usual], _PATIENCE_SECONDS)
    begin = float(answers.due[0])
    start, end = begin + _USUAL_SECONDS, begin + _USUAL_SECONDS + seconds
    return Overload(
        times=times,
        rate=rate,
        seconds=seconds,
        end=end,
        before=answers.between(begin, start),
        during=answers.between(start, end),
        after=answers.between(end, float("inf")),
    )


def normal_again_after(answers: Answers, end: float) -> float:
    """Seconds from the end of the overload until answers come as they usually do."""
    last, at = float(answers.due[-1]), end
    while at + _WINDOW_SECONDS <= last:
        window = answers.between(at, at + _WINDOW_SECONDS)
        if not window.not_served and window.milliseconds(99) <= _NORMAL_MS:
            return at - end
        at += _STEP_SECONDS
    return float("inf")


def _figures(overload: Overload) -> list[Figure]:
    during, name = overload.during, f"{overload.times:g} times the load of a core"
    return [
        Figure(f"{name}: 99 % of the refusals within", during.refusals.milliseconds_once_sent(99),
               "ms", _REFUSED_WITHIN_MS),
        Figure(f"{name}: 99 % of those served within", during.served.milliseconds_once_sent(99),
               "ms"),
        Figure(f"{name}: sent, and neither served nor refused", during.failed, "requests", 0),
        Figure(f"{name}: served", during.served.count / overload.seconds, "a second"),
        Figure(f"{name}: normal again after", normal_again_after(overload.after, overload.end),
               "s", _NORMAL_AGAIN_SECONDS),
    ]  # fmt: skip


def _told(answers: Answers) -> str:
    return (
        f"99 % within {answers.milliseconds(99):.1f} ms, once sent within "
        f"{answers.milliseconds_once_sent(99):.1f} ms; {answers.served.count:,} served, "
        f"{answers.refused:,} refused, {answers.failed:,} failed, {answers.never_sent:,} not sent"
    )


def _table(offered: Sequence[tuple[float, Answers]]) -> str:
    rows = []
    for rate, answers in offered:
        shares = [f"{answers.milliseconds(percent):,.2f} ms" for percent in (50, 99, 99.9)]
        rows.append(
            [f"{rate:,.0f}", *shares, f"{answers.milliseconds_once_sent(99):,.2f} ms",
             f"{answers.served.count:,}", f"{answers.refused:,}", f"{answers.failed:,}",
             f"{answers.never_sent:,}", f"{answers.late_milliseconds(99):.2f} ms"]
        )  # fmt: skip
    header = ["offered a second", "50 %", "99 %", "99.9 %", "99 % once sent", "served", "refused",
              "failed", "never sent", "late"]  # fmt: skip
    return as_table(header, rows)
