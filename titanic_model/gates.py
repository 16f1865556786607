"""The gates that a candidate passes before it is compared with anybody.

Each is a measurement against a bar, with a sentence that a person can act on. They judge honest
figures only: cross-validated on the training part, never a single lucky split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from titanic_model.behaviour import Behaviour
    from titanic_model.evaluation import Cell
    from titanic_model.metrics import Metrics
    from titanic_model.parity import Parity


@dataclass(frozen=True)
class Bars:
    """How high each gate is."""

    accuracy: float = 0.80
    log_loss: float = 0.46
    gain_on_sex_alone: float = 0.02
    parity: float = 1e-5
    # A row takes some 20 microseconds on an idle machine; this leaves room for a busy one.
    microseconds: float = 500.0
    # Nothing that was known before the ship sank reaches more than .85. A known boat gives .97.
    too_good: float = 0.90


@dataclass(frozen=True)
class Evidence:
    """What is known of a candidate when it stands before the gates."""

    cross_validated: Metrics
    sex_alone: Metrics
    parity: Parity
    behaviours: Sequence[Behaviour]
    microseconds: float
    cells: Sequence[Cell]


@dataclass(frozen=True)
class GateResult:
    """One gate's verdict. A gate that does not block only tells."""

    name: str
    passed: bool
    measured: float
    bar: float
    blocking: bool
    explanation: str


def judge(evidence: Evidence, bars: Bars = Bars()) -> tuple[GateResult, ...]:
    """Every gate's verdict on a candidate."""
    figures = evidence.cross_validated
    gain = figures.accuracy - evidence.sex_alone.accuracy
    parity = evidence.parity
    failed = [behaviour for behaviour in evidence.behaviours if not behaviour.passed]
    weak = [cell for cell in evidence.cells if cell.weak]
    return (
        GateResult(
            "accuracy",
            figures.accuracy >= bars.accuracy,
            figures.accuracy,
            bars.accuracy,
            blocking=True,
            explanation=f"Cross-validated accuracy is {figures.accuracy:.3f} and must be at least "
            f"{bars.accuracy:.2f}.",
        ),
        GateResult(
            "log_loss",
            figures.log_loss <= bars.log_loss,
            figures.log_loss,
            bars.log_loss,
            blocking=True,
            explanation=f"Cross-validated log loss is {figures.log_loss:.3f} and must be at most "
            f"{bars.log_loss:.2f}.",
        ),
        GateResult(
            "better_than_sex_alone",
            gain >= bars.gain_on_sex_alone,
            gain,
            bars.gain_on_sex_alone,
            blocking=True,
            explanation=f"Knowing only the sex is right for {evidence.sex_alone.accuracy:.3f} of "
            f"the passengers; the model must gain at least {bars.gain_on_sex_alone:.2f} on that "
            f"and gains {gain:.3f}.",
        ),
        GateResult(
            "not_too_good_to_be_true",
            figures.accuracy <= bars.too_good,
            figures.accuracy,
            bars.too_good,
            blocking=True,
            explanation=f"Cross-validated accuracy is {figures.accuracy:.3f}; above "
            f"{bars.too_good:.2f} something known only after the event has most likely leaked "
            "into the features.",
        ),
        GateResult(
            "onnx_parity",
            parity.largest_difference <= bars.parity and not parity.labels_flipped,
            parity.largest_difference,
            bars.parity,
            blocking=True,
            explanation=f"On {parity.passengers:,} passengers the exported model differs from "
            f"scikit-learn by at most {parity.largest_difference:.1e} ({bars.parity:g} is allowed) "
            f"and flips {parity.labels_flipped} answers (none is allowed).",
        ),
        GateResult(
            "behaviour",
            not failed,
            len(failed),
            0,
            blocking=True,
            explanation=f"{len(evidence.behaviours) - len(failed)} of {len(evidence.behaviours)} "
            f"behaviours are as expected{_named(failed, '; not so: ')}.",
        ),
        GateResult(
            "latency",
            evidence.microseconds <= bars.microseconds,
            evidence.microseconds,
            bars.microseconds,
            blocking=True,
            explanation=f"One passenger takes {evidence.microseconds:.0f} microseconds and may "
            f"take {bars.microseconds:.0f}.",
        ),
        GateResult(
            "fairness",
            not weak,
            len(weak),
            0,
            blocking=False,
            explanation="Told, never blocking, because the event itself was not fair: "
            + (
                "answers are often wrong for "
                + "; ".join(f"{cell.name} ({cell.accuracy:.2f})" for cell in weak)
                if weak
                else "no group is weak"
            )
            + ".",
        ),
    )


def all_passed(gates: Sequence[GateResult]) -> bool:
    """True when no blocking gate has failed."""
    return all(gate.passed for gate in gates if gate.blocking)


def _named(behaviours: Sequence[Behaviour], before: str) -> str:
    return before + "; ".join(behaviour.name for behaviour in behaviours) if behaviours else ""
