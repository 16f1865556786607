"""Two releases before the same passengers: how often they say something else, how long they take.

The passengers are those of the log, whichever release answered them, as far as they are like those
that both were trained on. So other traffic makes no difference between the two; and as both are
asked here and now, neither does a busy machine.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titanic_assets.releasing.health.ordinary import bounds_of, is_ordinary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from titanic_model.contract import Passenger
    from titanic_model.release import Release
    from titanic_model.scorer import Scorer

    Matrix = NDArray[np.float32]

# An answer has changed when the probability went over the threshold and so far besides.
MOVED = 0.2
_ROWS_AT_ONCE = 20
# A tick of a sensor is ended after a minute, and a model that is slow enough would use it up.
_SCORING_SECONDS = 10.0
_TIMING_SECONDS = 3.0
_ROUNDS = 20


class NoSuchRelease(RuntimeError):
    """A version whose release is not, or no longer, among the published ones."""


@dataclass(frozen=True)
class SameInputs:
    """What both models made of the same different passengers.

    Changed are those who fare otherwise, and not by a little: close to the threshold that happens
    to any two models. Unanswered are those for whom the new model has no probability; unlike are
    those left out. The milliseconds are those of one passenger scored alone, at best: whatever
    else the machine does only ever adds to them.
    """

    passengers: int
    changed: int
    unanswered: int
    unlike: int
    before_ms: float
    after_ms: float


def find_release(releases: Path, version: int, digest: str) -> Release:
    """The published release of that version and of the model with that digest, read whole."""
    from titanic_model.release import BrokenRelease, read_release

    problem = f"no release of version {version} is in {releases}"
    for directory in sorted(releases.glob(f"{version}-*")):
        try:
            release = read_release(directory)
        except BrokenRelease as error:
            problem = str(error)
            continue
        if release.model_digest == digest:
            return release
    raise NoSuchRelease(problem)


def compare(before: Release, after: Release, passengers: Sequence[Passenger]) -> SameInputs:
    """Ask both about each different passenger, for as many as there is time."""
    import numpy as np

    from titanic_model.features import FEATURES, derive_row
    from titanic_model.metrics import THRESHOLD

    was, is_now = before.scorer(), after.scorer()
    bounds = bounds_of(before.reference, after.reference)
    ordinary = [each for each in passengers if is_ordinary(each, bounds)]
    unlike = len(passengers) - len(ordinary)
    different = {derive_row(vars(each)).tobytes(): None for each in ordinary}
    if not different:
        return SameInputs(0, 0, 0, unlike, 0.0, 0.0)
    matrix = np.frombuffer(b"".join(different), np.float32).reshape(-1, len(FEATURES))
    scored = changed = unanswered = 0
    until = time.monotonic() + _SCORING_SECONDS
    for start in range(0, len(matrix), _ROWS_AT_ONCE):
        if time.monotonic() > until:
            break
        rows = matrix[start : start + _ROWS_AT_ONCE]
        old = _scores(was, rows)
        new = _scores(is_now, rows)[np.isfinite(old)]
        old = old[np.isfinite(old)]
        crossed = (old >= THRESHOLD) != (new >= THRESHOLD)
        scored += len(old)
        changed += int((crossed & (abs(new - old) >= MOVED)).sum())  # no number is never more
        unanswered += int((~np.isfinite(new)).sum())
    return SameInputs(scored, changed, unanswered, unlike, *_times(was, is_now, matrix[:1]))


def _scores(scorer: Scorer, rows: Matrix) -> NDArray[Any]:
    """The probabilities; no number for whom the model fails."""
    import numpy as np

    try:
        return scorer.score(rows)
    except Exception:  # noqa: BLE001 - whatever a model fails by
        if len(rows) == 1:
            return np.full(1, np.nan, np.float32)
        return np.concatenate([_scores(scorer, row[None]) for row in rows])


def _times(before: Scorer, after: Scorer, row: Matrix) -> tuple[float, float]:
    """Milliseconds for one passenger, the best of some rounds in turns."""
    best = [float("inf"), float("inf")]
    until = time.monotonic() + _TIMING_SECONDS
    for _ in range(_ROUNDS):
        for which, scorer in enumerate((before, after)):
            began = time.perf_counter()
            _scores(scorer, row)
            best[which] = min(best[which], (time.perf_counter() - began) * 1000)
        if time.monotonic() > until:
            break
    return best[0], best[1]
