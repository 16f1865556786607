"""The records that the training assets hand to each other, plain enough to lie on disk as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from titanic_assets.tracking.versions import ModelVersion
from titanic_assets.training.model_card import ModelFacts
from titanic_model.comparison import Comparison
from titanic_model.gates import GateResult
from titanic_model.metrics import Metrics
from titanic_model.parity import Parity


@dataclass(frozen=True)
class TrainedCandidate:
    """The winner of a search, registered, with its cross-validated figures."""

    version: ModelVersion
    family: str
    imbalance: str
    parameters: Mapping[str, int | float | str]
    trials: int
    cross_validated: Metrics
    deviation: Metrics
    by_ticket: Metrics
    sex_alone: Metrics
    parity: Parity


@dataclass(frozen=True)
class CandidateEvaluation:
    """A candidate before its judges: gates, comparison with the champion, facts for the card."""

    candidate: ModelVersion
    gates: tuple[GateResult, ...]
    champion: ModelVersion | None
    comparison: Comparison | None
    facts: ModelFacts
