"""The pictures: small, legible on any ground, the same for the same numbers."""

import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from numpy.typing import NDArray

from titanic_assets import canvas, pictures

CHECKOUT = Path(__file__).parent.parent.parent
LABELS = np.array([0, 1] * 200)


def scores(shift: float = 0.0) -> NDArray[np.float64]:
    noise = np.random.default_rng(3).normal(0, 0.2, len(LABELS))
    return np.clip(0.3 + 0.4 * LABELS + noise + shift, 0, 1)


def columns(shift: float = 0.0) -> dict[str, Any]:
    numbers = np.random.default_rng(4)
    return {
        "age": np.append(numbers.normal(30 + shift, 10, 399), np.nan),
        "pclass": numbers.integers(1, 4, 400) + int(shift > 0),
        "sex": np.array((["male"] * 3 + [None]) * 100, dtype=object),
        "alone": numbers.random(400) > 0.5 + shift / 100,
    }


# Each picture twice: the second time with other numbers.
DRAWN: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "missing values": (
        lambda: pictures.missing_values(100, {"age": 20, "sex": 0}),
        lambda: pictures.missing_values(100, {"age": 30, "sex": 0}),
    ),
    "before and after": (
        lambda: pictures.before_and_after(columns(), columns(5)),
        lambda: pictures.before_and_after(columns(), columns(9)),
    ),
    "features": (
        lambda: pictures.feature_distributions(columns(), LABELS),
        lambda: pictures.feature_distributions(columns(), 1 - LABELS),
    ),
    "confusion": (
        lambda: pictures.confusion_matrix([[140, 21], [27, 74]]),
        lambda: pictures.confusion_matrix([[140, 27], [21, 74]]),
    ),
    "roc": (
        lambda: pictures.roc_curve({"candidate": ([0, 0.1, 1], [0, 0.8, 1], 0.85)}),
        lambda: pictures.roc_curve({"candidate": ([0, 0.2, 1], [0, 0.8, 1], 0.80)}),
    ),
    "calibration": (
        lambda: pictures.calibration([0.1, 0.9], [0.2, 0.8], [40, 60]),
        lambda: pictures.calibration([0.1, 0.9], [0.2, 0.8], [60, 40]),
    ),
    "scores": (
        lambda: pictures.score_distribution(scores(), LABELS),
        lambda: pictures.score_distribution(scores(0.1), LABELS),
    ),
    "importance": (
        lambda: pictures.importance({"sex": 0.2, "age": 0.1}, {"sex": 0.02}),
        lambda: pictures.importance({"sex": 0.2, "age": 0.1}),
    ),
    "search": (
        lambda: pictures.search_progress([("logistic", 0.45), ("soft_vote", 0.43)]),
        lambda: pictures.search_progress([("logistic", 0.45), ("logistic", 0.43)]),
    ),
    "candidate and champion": (
        lambda: pictures.candidate_and_champion(
            {"log_loss": (0.43, 0.44)}, gain=(0.01, -0.01, 0.03), bar=0.002
        ),
        lambda: pictures.candidate_and_champion({"log_loss": (0.43, 0.44)}),
    ),
}

EDGES: dict[str, Callable[[], bytes]] = {
    "no rows": lambda: pictures.missing_values(0, {"age": 0}),
    "all refused": lambda: pictures.before_and_after(columns(), {key: [] for key in columns()}),
    "a column without values": lambda: pictures.before_and_after(
        {"age": [np.nan, np.nan]}, {"age": [np.nan]}
    ),
    "nobody survived": lambda: pictures.feature_distributions(columns(), LABELS * 0),
    "an empty matrix": lambda: pictures.confusion_matrix([[0, 0], [0, 0]]),
    "no trial yet": lambda: pictures.search_progress([]),
    "a failed trial": lambda: pictures.search_progress([("logistic", np.nan), ("logistic", 0.4)]),
    "many features": lambda: pictures.importance({f"feature {n}": n for n in range(40)}),
    "many charts": lambda: pictures.before_and_after(
        {f"column {n}": scores() for n in range(12)}, {f"column {n}": scores() for n in range(12)}
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_shows_its_numbers(name: str) -> None:
    draw, draw_otherwise = DRAWN[name]
    assert draw() == draw()
    assert draw() != draw_otherwise()


@pytest.mark.parametrize("draw", [*(draw for draw, _ in DRAWN.values()), *EDGES.values()])
def test_a_picture_is_small_and_has_a_light_panel_of_its_own(draw: Callable[[], bytes]) -> None:
    png = draw()
    assert len(png) <= 60_000
    pixels = imread(BytesIO(png), format="png")
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_allclose(corners, [[*to_rgb(canvas.PANEL), 1.0]] * 4, atol=0.01)
    assert pixels[..., :3].min() < 0.5


def test_nothing_is_drawn_over_the_edge() -> None:
    for draw in [*(draw for draw, _ in DRAWN.values()), *EDGES.values()]:
        pixels = imread(BytesIO(draw()), format="png")[..., :3]
        rim = np.concatenate([pixels[:3].reshape(-1, 3), pixels[:, :3].reshape(-1, 3)])
        assert rim.min() > 0.9


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours' luminance."""

    def luminance(colour: str) -> float:
        linear = np.array([(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
                           for c in to_rgb(colour)])  # fmt: skip
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_the_panel() -> None:
    assert contrast(canvas.INK, canvas.PANEL) > 7


# Machado, Oliveira and Fernandes (2009), full severity.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]
    ),
    "deuteranopia": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    ),
}


@pytest.mark.parametrize("eyes", BLINDNESS)
def test_colours_stay_apart_for_colour_blind_eyes(eyes: str) -> None:
    seen = [BLINDNESS[eyes] @ np.array(to_rgb(colour)) for colour in canvas.COLOURS]
    closest = min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2))
    assert closest > 0.15


def test_drawing_touches_no_state_that_others_share() -> None:
    code = (
        "import sys; from titanic_assets import pictures; "
        "assert 'matplotlib' not in sys.modules, 'loaded too early'; "
        "import matplotlib; before = dict(matplotlib.rcParams); "
        "pictures.missing_values(2, {'age': 1}); "
        "assert dict(matplotlib.rcParams) == before, 'changed settings'; "
        "from matplotlib import pyplot; assert not pyplot.get_fignums(), 'left a figure open'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_picture_travels_inside_markdown() -> None:
    png = pictures.missing_values(2, {"age": 1})
    text = pictures.as_markdown(png, "Missing values")
    head, _, data = text.partition("base64,")
    assert head == "![Missing values](data:image/png;"
    assert b64decode(data.removesuffix(")")) == png
