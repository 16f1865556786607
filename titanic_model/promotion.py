"""The promotion rule: what becomes of a candidate. A pure function of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from titanic_model.comparison import Comparison
    from titanic_model.gates import GateResult

Outcome = Literal["promote", "challenger", "reject"]


@dataclass(frozen=True)
class Policy:
    """The bars of the comparison with the champion, and what comes before taking its place."""

    minimum_gain: float = 0.002
    # A candidate that loses no more than this is worth watching beside the champion.
    challenger_loss: float = 0.01
    significance: float = 0.05
    # For so long a better one is in shadow before it takes the champion's place; 0 is at once.
    shadow_minutes: float = 0.0


@dataclass(frozen=True)
class Withdrawn:
    """That this very model was champion once and was taken back: as which version, and why."""

    version: str
    why: str


@dataclass(frozen=True)
class Contender:
    """A candidate: its model's digest and what the gates said."""

    digest: str
    gates: Sequence[GateResult]
    withdrawn: Withdrawn | None = None


@dataclass(frozen=True)
class Champion:
    """Who holds the title, and how the candidate compares on the same held-out passengers.

    Without a comparison the champion could not be asked, because it reads features of a version
    that this code no longer derives.
    """

    version: str
    digest: str
    comparison: Comparison | None


@dataclass(frozen=True)
class Decision:
    """What happens to the candidate, and why."""

    outcome: Outcome
    reason: str
    # Whether this challenger is to be promoted, once it has been in shadow for long enough.
    on_trial: bool = False


def decide(
    candidate: Contender,
    champion: Champion | None,
    policy: Policy = Policy(),
) -> Decision:
    """Promote the candidate, let it run beside the champion as challenger, or reject it."""
    if champion is not None and candidate.digest == champion.digest:
        return Decision(
            "reject",
            f"The candidate is the very model that is champion, version {champion.version}.",
        )
    if candidate.withdrawn is not None:
        return Decision(
            "reject",
            f"This very model was withdrawn as version {candidate.withdrawn.version}: "
            f"{candidate.withdrawn.why}. Only a person makes it champion again: "
            f"make promote VERSION={candidate.withdrawn.version}",
        )
    failed = [gate for gate in candidate.gates if gate.blocking and not gate.passed]
    if failed:
        return Decision("reject", " ".join(gate.explanation for gate in failed))
    if champion is None:
        return Decision("promote", "It passes every gate, and there is no champion yet.")
    if champion.comparison is not None:
        decision = _against(champion.version, champion.comparison, policy)
    else:
        decision = Decision(
            "promote",
            f"It passes every gate, and champion {champion.version} cannot be compared: it reads "
            "features of a version that is no longer derived.",
        )
    if decision.outcome == "promote" and policy.shadow_minutes > 0:
        reason = f"{decision.reason} First it is in shadow for {policy.shadow_minutes:g} minutes."
        return Decision("challenger", reason, on_trial=True)
    return decision


def _against(version: str, comparison: Comparison, policy: Policy) -> Decision:
    gain = comparison.gain
    found = (
        f"Against champion {version} on {comparison.passengers} held-out passengers it "
        f"{'gains' if gain >= 0 else 'loses'} {abs(gain):.4f} log loss"
    )
    worse = comparison.accuracy_difference < 0 and comparison.p_value < policy.significance
    if worse:
        return Decision(
            "reject",
            f"{found} and is significantly worse in accuracy "
            f"({comparison.accuracy_difference:+.3f}, p = {comparison.p_value:.3f}).",
        )
    if gain >= policy.minimum_gain:
        return Decision(
            "promote",
            f"{found} (at least {policy.minimum_gain:g} is needed), and passes every gate.",
        )
    if gain >= -policy.challenger_loss:
        return Decision(
            "challenger",
            f"{found}, too little to be promoted ({policy.minimum_gain:g} is needed); it passes "
            "every gate and is worth watching beside the champion.",
        )
    return Decision("reject", f"{found}: the champion is better.")
