"""Figures with their bars, and the page that shows them."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import psutil

from titanic_assets.metadata import as_table

_SHOWN = ("dagster", "great-expectations", "mlflow", "numpy", "pandas", "pyarrow", "scikit-learn",
          "onnxruntime", "bentoml", "fastapi", "uvicorn")  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One measured number; `bar` is what it may at most be."""

    what: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def missed(self) -> bool:
        """Whether it is above its bar."""
        return self.bar is not None and not self.value <= self.bar

    @property
    def verdict(self) -> str:
        """How it stands to its bar, in a word."""
        if self.bar is None:
            return ""
        return "**MISSED**" if self.missed else "met"

    @property
    def row(self) -> tuple[str, str, str, str]:
        """The figure as a line of a table."""
        bar = "" if self.bar is None else f"{_number(self.bar)} {self.unit}"
        return self.what, f"{_number(self.value)} {self.unit}", bar, self.verdict


@dataclass(frozen=True)
class Section:
    """What one part of the benchmarks found."""

    part: str
    title: str
    words: str
    figures: tuple[Figure, ...]
    table: str = ""

    @property
    def missed(self) -> tuple[Figure, ...]:
        """The figures above their bars."""
        return tuple(figure for figure in self.figures if figure.missed)


def render(sections: Sequence[Section], command: str, when: datetime, load: float) -> str:
    """The whole page, as Markdown."""
    missed = [figure for section in sections for figure in section.missed]
    bars = sum(figure.bar is not None for section in sections for figure in section.figures)
    verdict = f"{bars - len(missed)} of {bars} bars are met."
    if missed:
        verdict += f" Missed: {'; '.join(figure.what for figure in missed)}."
    parts = [
        "# Benchmarks",
        f"{verdict} Made by `{command}` on {when:%Y-%m-%d}; `make bench` makes it anew.",
        machine(load),
        *(part for section in sections for part in _parts(section)),
    ]
    return "\n\n".join(parts) + "\n"


def machine(load: float) -> str:
    """What the figures were measured on, without naming the machine."""
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in _SHOWN)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}, {versions}. The load average "
        f"was {load:.1f} when it began: what else runs lengthens wall times, and CPU times less."
    )


def _parts(section: Section) -> list[str]:
    figures = as_table(["", "measured", "at most", ""], [figure.row for figure in section.figures])
    repeat = f"`python -m benchmarks {section.part}`"
    heading = [f"## {section.title}", f"{section.words} Alone: {repeat}."]
    return [*heading, *filter(None, [section.table]), figures]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"
