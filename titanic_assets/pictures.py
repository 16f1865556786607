"""The pictures on the assets: small PNGs, drawn from plain numbers.

What they show is here; how all of them look is in `canvas`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from titanic_assets.canvas import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    MARKERS,
    ORANGE,
    RED,
    SKY,
    grid,
    panel,
    png_of,
    two_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_MOST_FEATURES = 15
_MOST_BARS = 12  # with more distinct numbers than that, a column is drawn as a histogram
_MOST_TEXTS = 6


def as_markdown(png: bytes, alt: str) -> str:
    """A picture as Markdown that carries it along, for Dagster's metadata."""
    return f"![{alt}](data:image/png;base64,{b64encode(png).decode()})"


def missing_values(rows: int, missing: Mapping[str, int]) -> bytes:
    """How many values each column lacks, of so many rows."""
    shares = {name: count / rows if rows else 0.0 for name, count in missing.items()}
    figure, axes = panel(height=0.9 + 0.26 * len(shares))
    axes.barh(list(shares), list(shares.values()), color=BLUE, height=0.7)
    for position, (share, count) in enumerate(zip(shares.values(), missing.values(), strict=True)):
        text = f" {count:,} ({share:.1%})" if count else " none"
        axes.text(share, position, text, va="center", color=INK, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.22)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(visible=False, axis="y")
    axes.set_title(f"Missing values in {rows:,} rows")
    return png_of(figure)


def before_and_after(
    before: Mapping[str, ArrayLike],
    after: Mapping[str, ArrayLike],
    labels: tuple[str, str] = ("raw", "validated"),
) -> bytes:
    """Each column's distribution before and after, as shares, one small chart per column.

    Numbers become histograms with shared bins, texts become bars of their commonest values.
    """
    shared = [name for name in before if name in after]
    figure, charts = grid(len(shared))
    for axes, name in zip(charts, shared, strict=False):
        _compare(axes, before[name], after[name], labels)
        axes.set_title(name, fontsize=9)
    figure.legend(
        *charts[0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=2,
        frameon=False,
        fontsize=8,
    )
    return png_of(figure)


def feature_distributions(features: Mapping[str, ArrayLike], label: ArrayLike) -> bytes:
    """Each feature's distribution among those who died and those who survived."""
    import numpy as np

    survived = np.asarray(label).astype(bool)
    columns = {name: np.asarray(values) for name, values in features.items()}
    return before_and_after(
        {name: values[~survived] for name, values in columns.items()},
        {name: values[survived] for name, values in columns.items()},
        labels=("died", "survived"),
    )


def confusion_matrix(counts: Sequence[Sequence[int]]) -> bytes:
    """Counts as `[[died as died, died as survived], [survived as died, survived as survived]]`."""
    import numpy as np

    table = np.asarray(counts, dtype=float)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure, axes = panel(width=4.2, height=3.4)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(2):
        for column in range(2):
            share = shares[row, column]
            axes.text(
                column,
                row,
                f"{int(table[row, column]):,}\n{share:.0%}",
                ha="center",
                va="center",
                fontsize=13,
                color="white" if share > 0.55 else INK,
            )
    axes.set_xticks([0, 1], ["died", "survived"])
    axes.set_yticks([0, 1], ["died", "survived"], rotation=90, va="center")
    axes.set(xlabel="predicted", ylabel="what happened", title="Confusion matrix")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    return png_of(figure)


def roc_curve(curves: Mapping[str, tuple[ArrayLike, ArrayLike, float]]) -> bytes:
    """ROC curves by name: false positive rates, true positive rates, area under the curve."""
    figure, axes = panel(width=4.6, height=4.0)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    for position, (name, (false_rate, true_rate, area)) in enumerate(curves.items()):
        axes.plot(
            false_rate,
            true_rate,
            label=f"{name} ({area:.3f})",
            color=COLOURS[position % len(COLOURS)],
            linestyle=("-", "--", ":")[position % 3],
        )
    axes.set(
        xlabel="share of the dead called survivors",
        ylabel="share of survivors found",
        title="ROC (area under the curve)",
        xlim=(-0.02, 1),
        ylim=(0, 1.02),
        aspect="equal",
    )
    axes.legend(loc="lower right", frameon=False)
    return png_of(figure)


def calibration(predicted: ArrayLike, observed: ArrayLike, counts: ArrayLike) -> bytes:
    """Mean predicted probability of each bin against the share that survived, and its size."""
    import numpy as np

    figure, (axes, below) = two_panels()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.plot(predicted, observed, color=BLUE, marker="o", label="model")
    axes.set(ylabel="share that survived", title="Calibration", xlim=(0, 1), ylim=(0, 1.03))
    axes.legend(loc="upper left", frameon=False)
    below.bar(np.asarray(predicted), np.asarray(counts), width=0.06, color=SKY)
    below.set(xlabel="predicted probability of survival", ylabel="passengers", xlim=(0, 1))
    return png_of(figure)


def score_distribution(probability: ArrayLike, label: ArrayLike) -> bytes:
    """The predicted probabilities of those who died and of those who survived."""
    import numpy as np

    scores, survived = np.asarray(probability, dtype=float), np.asarray(label).astype(bool)
    figure, axes = panel(height=3.0)
    bins = np.linspace(0, 1, 26).tolist()
    # An outline and a fill stay apart where they overlap, in any colour.
    axes.hist(scores[~survived], bins=bins, color=ORANGE, alpha=0.75, label="died")
    axes.hist(
        scores[survived], bins=bins, histtype="step", linewidth=2, color=BLUE, label="survived"
    )
    axes.axvline(0.5, color=INK, linewidth=1, linestyle=":")
    axes.set(
        xlabel="predicted probability of survival",
        ylabel="passengers",
        title="Scores by what happened",
        xlim=(0, 1),
    )
    axes.legend(loc="upper right", frameon=False)
    return png_of(figure)


def importance(gains: Mapping[str, float], spreads: Mapping[str, float] | None = None) -> bytes:
    """What each feature is worth, the most valuable on top; at most 15."""
    top = sorted(gains.items(), key=lambda pair: -pair[1])[:_MOST_FEATURES]
    names = [name for name, _ in top]
    figure, axes = panel(height=0.9 + 0.26 * len(names))
    axes.barh(
        names,
        [gain for _, gain in top],
        xerr=[spreads.get(name, 0.0) for name in names] if spreads else None,
        color=SKY,
        height=0.7,
        error_kw={"ecolor": INK, "elinewidth": 1},
    )
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="log loss added when the feature is shuffled", title="Importance")
    return png_of(figure)


def search_progress(trials: Sequence[tuple[str, float]]) -> bytes:
    """Log loss of each trial in order, marked by family, and the best so far."""
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    figure, axes = panel(height=3.2)
    losses = np.array([loss for _, loss in trials], dtype=float)
    order = np.arange(1, len(losses) + 1)
    best = np.fmin.accumulate(losses)
    axes.step(order, best, where="post", color=GREY, linewidth=1.2, label="best so far")
    for position, family in enumerate(dict.fromkeys(family for family, _ in trials)):
        ours = np.array([each == family for each, _ in trials])
        axes.plot(
            order[ours],
            losses[ours],
            linestyle="",
            markersize=6,
            marker=MARKERS[position % len(MARKERS)],
            color=COLOURS[position % len(COLOURS)],
            label=family.replace("_", " "),
        )
    axes.set(xlabel="trial", ylabel="log loss (lower is better)", title="Search")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return png_of(figure)


def candidate_and_champion(
    figures: Mapping[str, tuple[float, float]],
    gain: tuple[float, float, float] | None = None,
    bar: float | None = None,
) -> bytes:
    """Each figure of candidate and champion side by side; the paired gain below, if known.

    `gain` is the mean paired gain in log loss with its interval, `bar` what it has to reach.
    """
    import numpy as np

    if gain is None:
        figure, axes = panel(height=3.2)
    else:
        figure, (axes, below) = two_panels()
        mean, low, high = gain
        below.axvline(0, color=INK, linewidth=0.8)
        if bar is not None:
            below.axvline(bar, color=RED, linewidth=1.2, linestyle="--", label=f"bar {bar:g}")
            below.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        below.errorbar(mean, 0, xerr=[[mean - low], [high - mean]], color=BLUE, fmt="o", capsize=4)
        below.set(xlabel="log loss gained per passenger (right is better)", yticks=[])
        below.margins(x=0.15)
    position = np.arange(len(figures))
    for offset, who, colour in ((-0.2, 0, BLUE), (0.2, 1, ORANGE)):
        heights = [pair[who] for pair in figures.values()]
        bars = axes.bar(
            position + offset, heights, 0.38, color=colour, label=("candidate", "champion")[who]
        )
        axes.bar_label(bars, fmt="%.3f", fontsize=7, color=INK, padding=1)
    axes.set_xticks(position, [name.replace("_", " ") for name in figures])
    axes.set_title("Candidate and champion on the same held-out passengers")
    axes.margins(y=0.14)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return png_of(figure)


def _compare(axes: Axes, before: ArrayLike, after: ArrayLike, labels: tuple[str, str]) -> None:
    """One column of `before_and_after`."""
    import numpy as np

    one, other = np.asarray(before), np.asarray(after)
    if one.dtype.kind in "OUS" or other.dtype.kind in "OUS":
        _compare_texts(axes, one, other, labels)
        return
    one, other = (
        values[np.isfinite(values)] for values in (one.astype(float), other.astype(float))
    )
    both = np.concatenate([one, other])
    distinct = np.unique(both)
    if len(distinct) <= _MOST_BARS:
        _bars(axes, _shares(one, distinct), _shares(other, distinct), labels)
        axes.set_xticks(range(len(distinct)), [f"{value:g}" for value in distinct])
        return
    # A few extreme fares would squeeze all others into one bin.
    low, high = np.quantile(both, [0.0, 0.99])
    bins = np.linspace(low, high, 21).tolist()
    one, other = np.clip(one, low, high), np.clip(other, low, high)
    axes.hist(one, bins=bins, weights=_even(one), color=ORANGE, alpha=0.75, label=labels[0])
    axes.hist(
        other,
        bins=bins,
        weights=_even(other),
        histtype="step",
        linewidth=1.8,
        color=BLUE,
        label=labels[1],
    )


def _even(values: NDArray[Any]) -> list[float]:
    """Weights that make a histogram one of shares."""
    return [1 / len(values) for _ in values]


def _compare_texts(
    axes: Axes, one: NDArray[Any], other: NDArray[Any], labels: tuple[str, str]
) -> None:
    """Bars of the commonest texts of both."""
    import numpy as np

    one, other = (np.array([str(v) for v in values if v is not None]) for values in (one, other))
    names, counts = np.unique(np.concatenate([one, other]), return_counts=True)
    names = names[np.argsort(-counts, kind="stable")][:_MOST_TEXTS]
    _bars(axes, _shares(one, names), _shares(other, names), labels)
    axes.set_xticks(range(len(names)), [name[:10] for name in names])


def _shares(values: NDArray[Any], distinct: NDArray[Any]) -> list[float]:
    return [float((values == value).mean()) if len(values) else 0.0 for value in distinct]


def _bars(axes: Axes, one: list[float], other: list[float], labels: tuple[str, str]) -> None:
    positions = range(len(one))
    axes.bar([p - 0.2 for p in positions], one, 0.38, color=ORANGE, label=labels[0])
    axes.bar([p + 0.2 for p in positions], other, 0.38, color=BLUE, label=labels[1])
