"""How the pictures look: one light panel, one palette, one size of text.

The panel is opaque, so that a picture reads in a dark UI as well, and the colours stay apart for
colour-blind eyes. Drawn without pyplot and its settings, which all threads of a process share.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

# Okabe and Ito's palette, without the yellow that is faint on a light ground.
BLUE, ORANGE, GREEN, RED, SKY, PINK = COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
)
MARKERS = "osD^vP"
PANEL, INK, GREY, FAINT = "#fbfbfc", "#24292f", "#7d8590", "#d5d9de"
WIDTH = 6.6
_DPI = 110


def panel(width: float = WIDTH, height: float = 3.0) -> tuple[Figure, Axes]:
    """A figure with one chart on it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=_layout(), facecolor=PANEL)
    return figure, _styled(figure.add_subplot())


def two_panels() -> tuple[Figure, tuple[Axes, Axes]]:
    """A figure with a chart and a lower one below it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 4.2), layout=_layout(), facecolor=PANEL)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1))
    return figure, (_styled(upper), _styled(lower))


def grid(charts: int) -> tuple[Figure, list[Axes]]:
    """A figure with that many small charts, three to a row; those left over are blank."""
    from matplotlib.figure import Figure

    rows = max(1, -(-charts // 3))
    figure = Figure(figsize=(WIDTH, 0.5 + 1.6 * rows), layout=_layout(), facecolor=PANEL)
    places = [_styled(axes) for axes in figure.subplots(rows, 3, squeeze=False).flat]
    for axes in places[charts:]:
        axes.set_axis_off()
    return figure, places


def _layout() -> ConstrainedLayoutEngine:
    """Room for every label, and a margin around them."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)


def _styled(axes: Axes) -> Axes:
    """The look that all charts share, set on the chart itself: matplotlib's own is process-wide."""
    axes.set_facecolor(PANEL)
    axes.set_axisbelow(True)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=8)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(FAINT)
    return axes


def png_of(figure: Figure) -> bytes:
    """The figure as PNG; the same numbers give the same bytes."""
    for axes in figure.axes:
        for text, size in ((axes.title, 10), (axes.xaxis.label, 9), (axes.yaxis.label, 9)):
            text.set(color=INK, fontsize=min(size, text.get_fontsize()))
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
