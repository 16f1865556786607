"""The verdict on a new release: pure decisions on what was counted, logged and compared.

Each of three questions can withdraw a release by itself, and each says "not enough yet" where
chance could have done it: do more requests fail, do answers take longer, does the model say
something else about the same passengers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from titanic_assets.releasing.health.chance import Latency, risen_at_least, share_between
from titanic_assets.releasing.health.counting import Requests
from titanic_assets.releasing.health.same_inputs import SameInputs

State = Literal["healthy", "not_enough", "breach"]
_WORST: tuple[State, ...] = ("healthy", "not_enough", "breach")


@dataclass(frozen=True)
class HealthPolicy:
    """The bars, as the settings HEALTH_* have them."""

    predictions: int = 100
    error_share: float = 0.01
    slowdown: float = 3.0
    changed_answers: float = 0.25
    # Different ones: of a few, all may be close to the threshold.
    passengers: int = 20
    # Nobody notices less, and a busy moment of the machine does it.
    slow_ms: float = 5.0
    # So much longer the model itself has to take for one passenger, or it was not the model.
    model_slow_ms: float = 0.25


@dataclass(frozen=True)
class Evidence:
    """What is known of a release and of the one before it. None: it could not be had."""

    requests_before: Requests
    requests_after: Requests
    latency_before: Latency | None
    latency_after: Latency | None
    same_inputs: SameInputs | None


@dataclass(frozen=True)
class Verdict:
    """The state, and why, for a person on call."""

    state: State
    sentence: str


def judge_release(evidence: Evidence, policy: HealthPolicy) -> Verdict:
    """All that is wrong, or else all that is still missing, or else that all is well."""
    verdicts = (
        judge_errors(evidence.requests_before, evidence.requests_after, policy),
        judge_answers(evidence.same_inputs, policy),
        judge_latency(
            evidence.latency_before, evidence.latency_after, evidence.same_inputs, policy
        ),
    )
    state = max((each.state for each in verdicts), key=_WORST.index)
    if state == "healthy":
        return Verdict(state, "; ".join(each.sentence for each in verdicts))
    return Verdict(state, "; ".join(each.sentence for each in verdicts if each.state == state))


def judge_errors(before: Requests, after: Requests, policy: HealthPolicy) -> Verdict:
    """Whether more requests fail than before, beyond the bar and beyond chance.

    Of a service that was hardly asked before it is taken that none would have failed.
    """
    if before.total < policy.predictions:
        before = Requests()
        least, _ = share_between(after.failed, after.total)
        against = "too few were asked before to compare with"
    else:
        least = risen_at_least((before.failed, before.total), (after.failed, after.total))
        against = f"{_percent(before.share)} of {before.total:,} before it"
    said = f"{_percent(after.share)} of {after.total:,} requests for predictions failed ({against})"
    if after.total < policy.predictions:
        return Verdict(
            "not_enough", f"{after.total:,} of {policy.predictions:,} requests were seen"
        )
    if least > policy.error_share:
        return Verdict("breach", said)
    return Verdict("healthy", said)


def judge_answers(same: SameInputs | None, policy: HealthPolicy) -> Verdict:
    """Whether the model says something else about too many of the same passengers."""
    if same is None:
        return Verdict("not_enough", "the two releases could not be compared")
    other = same.changed + same.unanswered
    said = (
        f"{same.changed:,} of {same.passengers:,} answers about the same passengers are others "
        f"than before ({_percent(same.changed / max(same.passengers, 1))})"
    )
    if same.unanswered:
        said += f", and about {same.unanswered:,} of them it says nothing"
    if same.passengers < min(policy.predictions, policy.passengers):
        unlike = f", and {same.unlike:,} unlike these" if same.unlike else ""
        return Verdict(
            "not_enough",
            f"only {same.passengers:,} different passengers like those it was trained on are in "
            f"the log{unlike}",
        )
    least, _ = share_between(other, same.passengers)
    if least > policy.changed_answers:
        return Verdict("breach", f"{said}; at most {_percent(policy.changed_answers)} may be")
    return Verdict("healthy", said)


def judge_latency(
    before: Latency | None, after: Latency | None, same: SameInputs | None, policy: HealthPolicy
) -> Verdict:
    """Whether answers take longer as served, and the model itself is why.

    Without the models side by side, what was served decides.
    """
    if after is None or after.answers < policy.predictions:
        return _too_few(after, "it", policy)
    if before is None or before.answers < policy.predictions:
        return _too_few(before, "the one before", policy)
    said = (
        f"19 of 20 answers come within {after.p95:,.1f} ms ({before.p95:,.1f} ms before it, on "
        f"{after.answers:,} and {before.answers:,} answers)"
    )
    bar = max(policy.slowdown * before.p95, policy.slow_ms)
    if after.at_least <= bar:
        return Verdict("healthy", said)
    if same is not None and same.after_ms - same.before_ms < policy.model_slow_ms:
        return Verdict(
            "healthy",
            f"{said}, but that is not the model: by itself it takes {same.after_ms:.2f} ms for "
            f"one passenger, the one before {same.before_ms:.2f} ms. Look at the machine",
        )
    said += f", over {policy.slowdown:g} times as long"
    if same is not None:
        said += (
            f"; by itself the model takes {same.after_ms:,.2f} ms for one passenger, the one "
            f"before {same.before_ms:,.2f} ms"
        )
    return Verdict("breach", said)


def _too_few(latency: Latency | None, whose: str, policy: HealthPolicy) -> Verdict:
    answers = latency.answers if latency else 0
    return Verdict("not_enough", f"{answers:,} of {policy.predictions:,} single answers of {whose}")


def _percent(share: float) -> str:
    return f"{share:.1%}" if share else "0 %"
