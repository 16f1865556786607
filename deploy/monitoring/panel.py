"""A panel: what it asks, how its numbers are read, and what it is beside its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "text"

Kind = Literal["timeseries", "stat", "bargauge", "table", "heatmap", "state-timeline"]
Steps = tuple[tuple[float, str], ...]
Words = Mapping[int, tuple[str, str]]


@dataclass(frozen=True)
class Query:
    """A question to Prometheus, and what its answers are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is headed and how its numbers are read."""

    name: str
    unit: str = "none"
    steps: Steps = ()
    words: Words | None = None


@dataclass(frozen=True)
class Panel:
    """One panel. `base` is the colour below the first step."""

    title: str
    description: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 8
    base: str = GREEN
    steps: Steps = ()
    words: Words | None = None
    low: float | None = 0
    high: float | None = None
    stacked: bool = False
    # Of a table: the columns of figures in the order of the queries, and the labels, renamed.
    columns: tuple[Column, ...] = ()
    labels: Mapping[str, str] | None = None


def thresholds(base: str, steps: Steps) -> dict[str, Any]:
    """From which value on which colour."""
    first: list[dict[str, Any]] = [{"color": base, "value": None}]
    return {
        "mode": "absolute",
        "steps": first + [{"color": color, "value": value} for value, color in steps],
    }


def mappings(words: Words | None) -> list[dict[str, Any]]:
    """Words in place of numbers."""
    if not words:
        return []
    options = {
        str(value): {"text": text, "color": color, "index": place}
        for place, (value, (text, color)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]
