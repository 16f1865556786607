"""The pictures of a performance report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from titanic_assets.canvas import BLUE, COLOURS, GREY, MARKERS, RED, SKY, panel, png_of, two_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from titanic_assets.monitoring.performance.history import Line
    from titanic_assets.monitoring.performance.report import PerformanceReport, VersionPerformance

OVER_REPORTS = "performance over reports"
# The versions that are drawn by themselves, the champion first; more would be a long page.
_MOST_VERSIONS = 2
_DAY_SECONDS = 86_400
_FEW_DAYS = 7


def draw(report: PerformanceReport, lines: Sequence[Line], drop: float) -> dict[str, bytes]:
    """Every picture by its name: the champion's and the challenger's, and how it went on."""
    drawn: dict[str, bytes] = {}
    shown = [v for v in report.versions if v.role != "earlier"] or list(report.versions)
    for version in shown[:_MOST_VERSIONS]:
        if version.figures is None:
            continue
        drawn[f"accuracy by day of version {version.version}"] = _by_day(version, drop)
        drawn[f"calibration of version {version.version}"] = _calibration(version)
    if lines:
        drawn[OVER_REPORTS] = _over_reports(lines)
    return drawn


def _by_day(version: VersionPerformance, drop: float) -> bytes:
    """The share of right answers each day, within its interval, and what was promised."""
    figure, (axes, below) = two_panels()
    days = [
        datetime.fromisoformat(day.day).replace(tzinfo=UTC).timestamp() / _DAY_SECONDS
        for day in version.days
    ]
    shares = [day.accuracy for day in version.days]
    down = [max(0.0, day.accuracy - day.accuracy_interval.low) for day in version.days]
    up = [max(0.0, day.accuracy_interval.high - day.accuracy) for day in version.days]
    axes.errorbar(days, shares, yerr=[down, up], color=BLUE, fmt="o-", capsize=3, label="right")
    if version.promise:
        _promise(axes, version.promise.accuracy, drop)
    axes.set(ylabel="share of right answers", ylim=(0, 1.03))
    axes.set_title(f"Version {version.version}, day by day (95 % intervals)")
    axes.legend(frameon=False, fontsize=8, loc="lower left", ncols=3)
    below.bar(days, [day.outcomes for day in version.days], width=0.7, color=SKY)
    below.set(ylabel="outcomes")
    _dates(below, days)
    # Above the same, once.
    axes.set_xticks(list(below.get_xticks()))
    axes.set_xlim(below.get_xlim())
    axes.tick_params(labelbottom=False)
    return png_of(figure)


def _promise(axes: Axes, promised: float, drop: float) -> None:
    axes.axhline(promised, color=GREY, linestyle="--", linewidth=1.2, label="promised")
    axes.axhline(promised - drop, color=RED, linestyle=":", linewidth=1.2, label="the bar")


def _calibration(version: VersionPerformance) -> bytes:
    """What was said against what happened, with what chance makes of so few."""
    from titanic_model.outcomes import share_interval

    figure, (axes, below) = two_panels()
    bins = version.figures.calibration if version.figures else ()
    said = [part.predicted for part in bins]
    share = [part.observed for part in bins]
    between = [share_interval(round(p.observed * p.passengers), p.passengers) for p in bins]
    reach = [
        [max(0.0, s - b.low) for s, b in zip(share, between, strict=True)],
        [max(0.0, b.high - s) for s, b in zip(share, between, strict=True)],
    ]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.errorbar(said, share, yerr=reach, color=BLUE, fmt="o-", capsize=3, label="what happened")
    axes.set(ylabel="share that survived", xlim=(0, 1), ylim=(-0.02, 1.03))
    axes.set_title(f"Version {version.version}: what its chances came to (95 % intervals)")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    below.bar(said, [part.passengers for part in bins], width=0.06, color=SKY)
    below.set(xlabel="chance of survival said", ylabel="passengers", xlim=(0, 1))
    return png_of(figure)


def _over_reports(lines: Sequence[Line]) -> bytes:
    """What each report found, version by version."""
    figure, axes = panel(height=3.4)
    for position, version in enumerate(dict.fromkeys(line.version for line in lines)):
        ours = [line for line in lines if line.version == version]
        times = [line.made / _DAY_SECONDS for line in ours]
        colour = COLOURS[position % len(COLOURS)]
        marker = MARKERS[position % len(MARKERS)]
        axes.plot(
            times,
            [line.accuracy for line in ours],
            color=colour,
            marker=marker,
            markersize=5,
            label=f"version {version}: right",
        )
        axes.plot(times, [line.off for line in ours], color=colour, linestyle=":", marker=marker,
                  markersize=3, label="chances off by")  # fmt: skip
    axes.set(ylim=(0, 1.03), ylabel="share")
    axes.set_title("Right answers, and how far off the chances are, by report")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    _dates(axes, [line.made / _DAY_SECONDS for line in lines])
    return png_of(figure)


def _dates(axes: Axes, days: Sequence[float]) -> None:
    """Days since 1970 as dates, as short as they can be told apart; room around a single one."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DateFormatter, DayLocator

    first, last = min(days), max(days)
    if last - first < _FEW_DAYS:
        # Hours between them would look as if there were something to see.
        axes.xaxis.set_major_locator(DayLocator())  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(DateFormatter("%d %b"))  # type: ignore[no-untyped-call]
    else:
        locator = AutoDateLocator(minticks=2, maxticks=7)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    around = max((last - first) * 0.05, 0.75)
    axes.set_xlim(first - around, last + around)
