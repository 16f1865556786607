"""What the champion asset does between Dagster, the promotion rule, the registry and the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from titanic_assets.tracking.champions import withdrawn
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.promotion import Promotion, promote

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dagster as dg

    from titanic_assets.settings import Settings
    from titanic_assets.tracking.ledger import PromotionEvent
    from titanic_assets.tracking.mlflow_run import MlflowRun
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.training.records import CandidateEvaluation
    from titanic_model.promotion import Decision

_SHOWN_LINES = 8


class ChampionMoved(RuntimeError):
    """Another version became champion after the candidate was judged."""


@dataclass(frozen=True)
class Outcome:
    """What became of a candidate."""

    version: int
    champion: int | None
    decision: Decision
    newest_lines: list[list[object]]

    @property
    def promoted(self) -> bool:
        """Whether it is champion now."""
        return self.decision.outcome == "promote"

    @property
    def sentence(self) -> str:
        """The decision and its reason."""
        otherwise = "the champion stays" if self.champion else "there is no champion yet"
        verb = {
            "promote": "is champion now",
            "challenger": f"is challenger now; {otherwise}",
            "reject": f"is not promoted; {otherwise}",
        }[self.decision.outcome]
        return f"Version {self.version} {verb}. {self.decision.reason}"


def decide_and_promote(
    context: dg.AssetExecutionContext,
    evaluation: CandidateEvaluation,
    settings: Settings,
    run: MlflowRun,
) -> Outcome:
    """Apply the promotion rule and carry out what it says; the same run twice is one promotion."""
    _require_same_champion(evaluation, run.registry)
    ledger = PromotionLedger(settings.places.ledger)
    decision = decide_on(evaluation, settings, ledger.events())
    if decision.outcome != "reject":
        promote(
            run.registry,
            ledger,
            Promotion(
                version=evaluation.candidate,
                alias="champion" if decision.outcome == "promote" else "challenger",
                why=decision.reason,
                who=f"dagster job {context.run.job_name}",
                dagster_run_id=context.run.run_id,
                on_trial=decision.on_trial,
            ),
        )
    newest = reversed(ledger.events()[-_SHOWN_LINES:])
    return Outcome(
        evaluation.candidate.version,
        evaluation.champion.version if evaluation.champion else None,
        decision,
        [
            [f"{e.when:%Y-%m-%d %H:%M}", e.alias, e.from_version, e.to_version, e.why]
            for e in newest
        ],
    )


def _require_same_champion(evaluation: CandidateEvaluation, registry: Registry) -> None:
    """Raise if the evaluation compares with one that is champion no longer.

    A run that is tried again may find that the candidate itself is champion by now.
    """
    now = registry.version_at("champion")
    number = now and now.version
    judged_beside = evaluation.champion and evaluation.champion.version
    if number not in (judged_beside, evaluation.candidate.version):
        raise ChampionMoved(
            f"version {evaluation.candidate.version} was judged beside "
            f"{f'champion {judged_beside}' if judged_beside else 'no champion'}, and champion is "
            f"{number or 'none'} now: materialise candidate_evaluation again, then champion_model"
        )


def decide_on(
    evaluation: CandidateEvaluation, settings: Settings, events: Iterable[PromotionEvent] = ()
) -> Decision:
    """What the promotion rule says of an evaluated candidate, after these events."""
    from titanic_model.promotion import Champion, Contender, Policy, Withdrawn, decide

    version = evaluation.champion
    champion = (
        None
        if version is None
        else Champion(str(version.version), version.digest, evaluation.comparison)
    )
    event = withdrawn(events).get(evaluation.candidate.digest)
    return decide(
        Contender(
            evaluation.candidate.digest,
            evaluation.gates,
            Withdrawn(str(event.from_version), event.why) if event else None,
        ),
        champion,
        Policy(minimum_gain=settings.minimum_gain, shadow_minutes=settings.shadow_minutes),
    )
