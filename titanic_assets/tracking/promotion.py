"""Moving an alias: the registry and the ledger agree, whatever is killed in between.

Whoever moves one also enters what was moved in the registry itself, so that the ledger has the
aliases' whole history and the champion before is one that really was it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from titanic_assets.tracking.champions import on_trial
from titanic_assets.tracking.hand_moves import HandMoves, enter
from titanic_assets.tracking.ledger import PromotionEvent
from titanic_assets.tracking.registry import NoSuchVersion

if TYPE_CHECKING:
    from titanic_assets.tracking.ledger import HeldLedger, PromotionLedger
    from titanic_assets.tracking.versions import ModelVersion, Versions


@dataclass(frozen=True)
class Promotion:
    """What is to be promoted, to what, and the reason given."""

    version: ModelVersion
    alias: Literal["champion", "challenger"]
    why: str
    who: str
    dagster_run_id: str | None
    kind: Literal["promotion", "by_hand"] = "promotion"
    on_trial: bool = False
    # Where another than this is champion by now, nothing is done.
    instead_of: int | None = None
    # What tells it from others where no run of Dagster is behind it.
    occasion: str = field(default_factory=lambda: uuid4().hex)

    @property
    def event_id(self) -> str:
        """One per run and alias, so that a run that is tried again means the same event."""
        return f"{self.dagster_run_id or self.occasion}:{self.alias}"


def promote(
    registry: Versions, ledger: PromotionLedger, promotion: Promotion
) -> PromotionEvent | None:
    """Move the alias and write the line; None when there is nothing to be done.

    The intention is written down before either, and finished by whoever comes next after a
    crash. So a run tried again ends with the alias moved and exactly one line, and a run whose
    line is there moves nothing: somebody may have moved the alias on since.
    """
    with ledger.held() as book:
        finish(registry, book)
        done = ledger.read().event(promotion.event_id)
        if done is not None:
            return done
        aliases = registry.aliases()
        enter(registry, book, aliases)
        current = aliases.get(promotion.alias)
        if promotion.instead_of not in (None, aliases.get("champion")):
            return None
        if current == promotion.version.version and not _begins_trial(promotion, ledger):
            return None
        event = PromotionEvent(
            event_id=promotion.event_id,
            when=datetime.now(UTC),
            who=promotion.who,
            alias=promotion.alias,
            from_version=current,
            to_version=promotion.version.version,
            why=promotion.why,
            digest=promotion.version.digest,
            dagster_run_id=promotion.dagster_run_id,
            kind=promotion.kind,
            on_trial=promotion.on_trial,
        )
        carry_out(registry, book, event)
        return event


def enter_moves(registry: Versions, ledger: PromotionLedger) -> HandMoves:
    """Finish what a crash interrupted, and enter in the ledger what was moved by hand."""
    with ledger.held() as book:
        finish(registry, book)
        return enter(registry, book, registry.aliases())


def finish_promotion(registry: Versions, ledger: PromotionLedger) -> PromotionEvent | None:
    """Finish what a crash interrupted, if anything; for whoever compares aliases and ledger."""
    with ledger.held() as book:
        return finish(registry, book)


def _begins_trial(promotion: Promotion, ledger: PromotionLedger) -> bool:
    """Whether one that has the alias already is now on trial, and was not so far."""
    return promotion.on_trial and on_trial(ledger.events()) is None


def carry_out(registry: Versions, book: HeldLedger, event: PromotionEvent) -> None:
    """Move the alias as the event has it, and write the event down."""
    book.intend(event)
    finish(registry, book)


def finish(registry: Versions, book: HeldLedger) -> PromotionEvent | None:
    """Carry out the intention; every step of it can be repeated."""
    event = book.intended()
    if event is None or event.to_version is None:
        return None
    try:
        registry.move_alias(event.alias, event.to_version)
    except NoSuchVersion:
        book.forget_intention()  # it was deleted, and can never be carried out
        raise
    book.append(event)
    if event.alias == "champion":
        _watch_no_more(registry, book, event)
    book.forget_intention()
    return event


def _watch_no_more(registry: Versions, book: HeldLedger, event: PromotionEvent) -> None:
    """Who has become champion is not beside the champion any more."""
    watched = book.ledger.last("challenger")
    if watched is None or watched.to_version != event.to_version:
        return
    if registry.aliases().get("challenger") not in (None, event.to_version):
        return  # moved by hand meanwhile
    registry.drop_alias("challenger")
    book.append(
        PromotionEvent(
            event_id=f"{event.event_id}:challenger",
            when=datetime.now(UTC),
            who=event.who,
            alias="challenger",
            from_version=watched.to_version,
            to_version=None,
            why="it is champion now",
            digest="",
            dagster_run_id=event.dagster_run_id,
        )
    )
