"""Moving an alias: the registry and the ledger agree, whatever is killed in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from titanic_assets.ledger import PromotionEvent

if TYPE_CHECKING:
    from titanic_assets.ledger import HeldLedger, PromotionLedger
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.tracking.versions import ModelVersion


@dataclass(frozen=True)
class Promotion:
    """What is to be promoted, to what, and the reason given."""

    version: ModelVersion
    alias: Literal["champion", "challenger"]
    why: str
    who: str
    dagster_run_id: str

    @property
    def event_id(self) -> str:
        """One per run and alias, so that a run that is tried again means the same event."""
        return f"{self.dagster_run_id}:{self.alias}"


def promote(
    registry: Registry, ledger: PromotionLedger, promotion: Promotion
) -> PromotionEvent | None:
    """Move the alias and write the line; None when the alias names that version already.

    The intention is written down before either, and finished by whoever comes next after a
    crash. So a run tried again ends with the alias moved and exactly one line, and a run whose
    line is there moves nothing: somebody may have moved the alias on since.
    """
    with ledger.held() as book:
        _finish(registry, book)
        done = ledger.read().event(promotion.event_id)
        if done is not None:
            return done
        current = registry.version_at(promotion.alias)
        if current is not None and current.version == promotion.version.version:
            return None
        event = PromotionEvent(
            event_id=promotion.event_id,
            when=datetime.now(UTC),
            who=promotion.who,
            alias=promotion.alias,
            from_version=current.version if current else None,
            to_version=promotion.version.version,
            why=promotion.why,
            digest=promotion.version.digest,
            dagster_run_id=promotion.dagster_run_id,
        )
        book.intend(event)
        _finish(registry, book)
        return event


def finish_promotion(registry: Registry, ledger: PromotionLedger) -> PromotionEvent | None:
    """Finish what a crash interrupted, if anything; for whoever compares aliases and ledger."""
    with ledger.held() as book:
        return _finish(registry, book)


def _finish(registry: Registry, book: HeldLedger) -> PromotionEvent | None:
    """Carry out the intention; every step of it can be repeated."""
    event = book.intended()
    if event is not None:
        registry.move_alias(event.alias, event.to_version)
        book.append(event)
        book.forget_intention()
    return event
