"""The pictures of a drift report: how far each field has moved, in what way, and since when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from titanic_assets.canvas import BLUE, GREY, INK, ORANGE, RED, grid, panel, png_of
from titanic_assets.monitoring.drift.verdict import spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from titanic_assets.monitoring.drift.history import Past
    from titanic_assets.monitoring.drift.report import FieldDrift, VersionDrift

_MOST_REPORTS = 60
_SMALLEST = 0.002  # of an index, where it is drawn by its logarithm
_NUMBER = re.compile(r"\d+\.\d+")


def distances(found: VersionDrift) -> bytes:
    """How far each field is from the training passengers, and what it may be."""
    fields = sorted(found.fields, key=lambda field: field.index)
    figure, axes = panel(height=0.9 + 0.3 * len(fields))
    places = range(len(fields))
    lengths = [max(field.index, _SMALLEST) for field in fields]
    colours = [RED if field.drifted else BLUE if found.enough else GREY for field in fields]
    axes.barh(places, [n - _SMALLEST for n in lengths], left=_SMALLEST, color=colours, height=0.65)
    for place, field in zip(places, fields, strict=True):
        axes.plot([field.bar] * 2, [place - 0.42, place + 0.42], color=INK, linewidth=1.6)
        beside = max(field.index, field.bar, _SMALLEST) * 1.12
        text = f"{field.index:.2f}{' moved' if field.drifted else ''}"
        axes.text(beside, place, text, va="center", color=INK, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(_SMALLEST, 4 * max(1.0, *lengths))
    axes.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.set_yticks(places, [spoken(field.name) for field in fields])
    axes.grid(visible=False, axis="y")
    axes.set_title(f"Version {found.version}: index of each field, and its bar")
    return png_of(figure)


def then_and_now(found: VersionDrift) -> bytes:
    """Each field's bins when the version was trained and of late."""
    figure, charts = grid(len(found.fields))
    for axes, field in zip(charts, found.fields, strict=False):
        _compare(axes, field)
    figure.legend(
        *charts[0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=2,
        frameon=False,
        fontsize=8,
    )
    return png_of(figure)


def over_time(past: Sequence[Past], names: Sequence[str]) -> bytes:
    """Each field's index from report to report; the champion of each."""
    past = past[-_MOST_REPORTS:]
    figure, charts = grid(len(names))
    places = list(range(len(past)))
    for axes, name in zip(charts, names, strict=False):
        index = [max(each.index.get(name, 0.0), _SMALLEST) for each in past]
        bars = [each.bar.get(name, 0.1) for each in past]
        moved = [place for place in places if name in past[place].drifted]
        axes.plot(places, bars, color=GREY, linewidth=1, linestyle="--")
        axes.plot(places, index, color=BLUE, linewidth=1.2, marker="o", markersize=2.5)
        axes.plot(moved, [index[place] for place in moved], "o", color=RED, markersize=4.5)
        for place in _changes(past):
            axes.axvline(place - 0.5, color=GREY, linewidth=0.8)
        axes.set_yscale("log")
        axes.set_ylim(_SMALLEST * 0.8, max(2.0, 1.5 * max(index)))
        axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        axes.minorticks_off()
        axes.set_xlim(-0.6, max(1, len(past) - 1) + 0.6)
        _dates(axes, past)
        axes.set_title(spoken(name), fontsize=9)
    return png_of(figure)


def _changes(past: Sequence[Past]) -> list[int]:
    """Where another model had become champion."""
    return [place for place in range(1, len(past)) if past[place].digest != past[place - 1].digest]


def _dates(axes: Axes, past: Sequence[Past]) -> None:
    """The first report's time and the last one's: reports may be minutes or weeks apart."""
    ends = {0: past[0].made, len(past) - 1: past[-1].made}
    days = {f"{_day(made)}" for made in ends.values()}
    labels = [_day(made) if len(days) > 1 else _minute(made) for made in ends.values()]
    axes.set_xticks(list(ends), labels, fontsize=7)


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d %b}"


def _minute(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M}"


def _compare(axes: Axes, field: FieldDrift) -> None:
    # A bin that is empty on both sides would only take up room, such as that of missing sexes.
    kept = [i for i, pair in enumerate(zip(field.then, field.now, strict=True)) if any(pair)]
    places = range(len(kept))
    axes.bar([p - 0.2 for p in places], [field.then[i] for i in kept], 0.4, color=ORANGE,
             label="in training")  # fmt: skip
    axes.bar([p + 0.2 for p in places], [field.now[i] for i in kept], 0.4, color=BLUE,
             label="of late")  # fmt: skip
    axes.set_xticks(places, short_labels([field.bins[i] for i in kept]))
    if len(kept) > 5:
        axes.tick_params(axis="x", labelrotation=90, labelsize=6)
    axes.set_title(
        f"{spoken(field.name)} {field.index:.2f}{', moved' if field.drifted else ''}",
        fontsize=9,
        color=RED if field.drifted else INK,
    )


def short_labels(bins: Sequence[str]) -> list[str]:
    """The bins as short as there is room."""
    return [
        _NUMBER.sub(lambda number: f"{float(number[0]):.3g}", label)
        .replace("below ", "<")
        .replace(" and more", "+")
        .removeprefix("up to ")
        .replace(" to ", "-")
        for label in bins
    ]
