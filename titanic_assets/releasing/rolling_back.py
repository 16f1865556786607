"""Rollback: the champion before is champion again, and the service answers with it.

Nothing is built: its release is still published, and the service swaps to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from titanic_assets.releasing.going_live import LiveRelease, make_live
from titanic_assets.settings import Settings
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger
from titanic_assets.tracking.versions import Versions
from titanic_assets.tracking.withdrawal import Withdrawal, withdraw


@dataclass(frozen=True)
class RolledBack:
    """What was done: the ledger's line, and what is live by it."""

    event: PromotionEvent
    live: LiveRelease


def roll_back(
    settings: Settings, registry: Versions, withdrawal: Withdrawal, say: Callable[[str], None]
) -> RolledBack | None:
    """Do both, one after the other; None when another than the expected one is champion by now.

    Raises `NoWayBack` when there is no champion before, and whatever `make_live` raises. In the
    latter case the alias has moved: doing it again means the champion before that one.
    """
    event = move_back(settings, registry, withdrawal, say)
    if event is None:
        return None
    return RolledBack(event, make_live(settings, registry, say, expected=event.to_version))


def move_back(
    settings: Settings, registry: Versions, withdrawal: Withdrawal, say: Callable[[str], None]
) -> PromotionEvent | None:
    """The first half: move the alias and write the ledger's line. Nothing is live by that yet."""
    event = withdraw(registry, PromotionLedger(settings.places.ledger), withdrawal)
    if event is None:
        say(f"version {withdrawal.expected} is not champion any more: nothing is taken back")
    else:
        say(
            f"version {event.from_version} is withdrawn, version {event.to_version} is champion "
            f"again: {event.why}"
        )
    return event
