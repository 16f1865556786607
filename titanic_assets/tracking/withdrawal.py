"""Taking a promotion back: the champion before is champion again, and the other stays out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from titanic_assets.tracking.champions import champions
from titanic_assets.tracking.hand_moves import enter
from titanic_assets.tracking.ledger import PromotionEvent
from titanic_assets.tracking.promotion import carry_out, finish
from titanic_assets.tracking.registry import NoSuchVersion

if TYPE_CHECKING:
    from titanic_assets.tracking.ledger import PromotionLedger
    from titanic_assets.tracking.versions import ModelVersion, Versions


class NoWayBack(RuntimeError):
    """There is no champion before the present one that could be champion again."""


@dataclass(frozen=True)
class Withdrawal:
    """The champion is to be the one before again.

    `expected` is the version to be withdrawn: where another is champion by now, nothing is done.
    """

    why: str
    who: str
    expected: int | None = None
    dagster_run_id: str | None = None
    occasion: str = field(default_factory=lambda: uuid4().hex)

    @property
    def event_id(self) -> str:
        """One per run, so that a run that is tried again goes back once."""
        return f"{self.dagster_run_id or self.occasion}:rollback"


def withdraw(
    registry: Versions, ledger: PromotionLedger, withdrawal: Withdrawal
) -> PromotionEvent | None:
    """Make the champion before champion again, as `promote` does it, and keep the other out.

    None when another than the expected one is champion by now. Raises `NoWayBack` where there is
    none to go back to. Whoever asks without naming a version, after a rollback that broke off,
    means that one: it is finished, and no other is begun.
    """
    with ledger.held() as book:
        finished = finish(registry, book)
        done = ledger.read().event(withdrawal.event_id)
        if done is not None:
            return done
        if finished is not None and finished.kind == "rollback" and withdrawal.expected is None:
            return finished
        aliases = registry.aliases()
        moves = enter(registry, book, aliases)
        now = aliases.get("champion")
        if withdrawal.expected not in (None, now):
            return None
        events = ledger.events()
        line, last = champions(events), ledger.last("champion")
        if last is None or last.to_version != now:
            raise NoWayBack(
                f"{'; '.join(moves.problems) or 'there has not been a champion yet'}. To make a "
                "version champion: make promote VERSION=..."
            )
        if len(line) < 2:
            raise NoWayBack(
                f"version {now} is champion, and none that is not withdrawn was it before. To "
                "make another one champion: make promote VERSION=..."
            )
        target = _newest_of(line[:-1], registry)
        event = PromotionEvent(
            event_id=withdrawal.event_id,
            when=datetime.now(UTC),
            who=withdrawal.who,
            alias="champion",
            from_version=now,
            to_version=target.version,
            why=withdrawal.why,
            digest=target.digest,
            dagster_run_id=withdrawal.dagster_run_id,
            kind="rollback",
            withdraws=last.digest,
        )
        carry_out(registry, book, event)
        return event


def _newest_of(line: tuple[int, ...], registry: Versions) -> ModelVersion:
    """The last of these champions that is still registered."""
    for number in reversed(line):
        try:
            return registry.version(number)
        except NoSuchVersion:
            continue
    raise NoWayBack(
        f"of the champions before, {', '.join(map(str, line))}, none is in the registry any more. "
        "To make another version champion: make promote VERSION=..."
    )
