"""What was moved in the registry itself, by its pages or a script, is entered in the ledger.

Of several such moves the last one counts: nobody has seen the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from titanic_assets.tracking.ledger import PromotionEvent
from titanic_assets.tracking.registry import ForeignVersion, NoSuchVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from titanic_assets.tracking.ledger import HeldLedger
    from titanic_assets.tracking.versions import Versions

_WATCHED: tuple[Literal["champion", "challenger"], ...] = ("champion", "challenger")


@dataclass(frozen=True)
class HandMoves:
    """What was moved in the registry itself: entered now, or of no use and why."""

    entered: tuple[PromotionEvent, ...] = ()
    problems: tuple[str, ...] = ()


def enter(registry: Versions, book: HeldLedger, aliases: Mapping[str, int]) -> HandMoves:
    """Write down where the aliases are, as far as the ledger does not have it."""
    entered, problems = [], []
    for alias in _WATCHED:
        last = book.ledger.last(alias)
        known, number = last.to_version if last else None, aliases.get(alias)
        if number == known:
            continue
        if number is None and alias == "champion":
            problems.append(
                f"no version has the alias champion any more; version {known} stays live, until "
                "one has it again"
            )
            continue
        try:
            digest = "" if number is None else registry.version(number).digest
        except (ForeignVersion, NoSuchVersion) as error:
            problems.append(f"the alias {alias} was moved by hand: {error}")
            continue
        event = PromotionEvent(
            event_id=f"{uuid4().hex}:by_hand",
            when=datetime.now(UTC),
            who="unknown",
            alias=alias,
            from_version=known,
            to_version=number,
            why="moved in the registry, not by this project",
            digest=digest,
            dagster_run_id=None,
            kind="by_hand",
        )
        book.append(event)
        entered.append(event)
    return HandMoves(tuple(entered), tuple(problems))
