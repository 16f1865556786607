"""Whether a model exported to ONNX says what its scikit-learn original says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.metrics import says_survived

if TYPE_CHECKING:
    from titanic_model.families import Classifier
    from titanic_model.scorer import Scorer


@dataclass(frozen=True)
class Parity:
    """How far the export is from scikit-learn, on real passengers."""

    passengers: int
    largest_difference: float
    labels_flipped: int


def compare(pipeline: Classifier, scorer: Scorer, matrix: NDArray[Any]) -> Parity:
    """Score the same passengers both ways."""
    expected = pipeline.predict_proba(matrix)[:, 1]
    exported = scorer.score(matrix)
    return Parity(
        passengers=len(matrix),
        largest_difference=float(np.abs(expected - exported).max()),
        labels_flipped=int((says_survived(expected) != says_survived(exported)).sum()),
    )
