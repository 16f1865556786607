"""Who has been champion, and whom the ledger keeps from becoming it again: pure readings of it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from titanic_assets.tracking.ledger import PromotionEvent


def champions(events: Iterable[PromotionEvent]) -> tuple[int, ...]:
    """The champions one after another, the present one last, the one before it next to it.

    A rollback takes back what was done since its target became champion, so that two of them in
    a row go two champions back. The version that it withdrew is nowhere among those before.
    """
    line: list[int] = []
    for event in events:
        if event.alias != "champion" or event.to_version is None:
            continue
        if event.kind == "rollback":
            line = [version for version in line if version != event.from_version]
            while event.to_version in line[:-1] and line[-1] != event.to_version:
                line.pop()
        # One that comes after itself, because the one between was withdrawn, is one champion.
        line = [version for version, _ in groupby([*line, event.to_version])]
    return tuple(line)


def champion_before(events: Iterable[PromotionEvent]) -> int | None:
    """The champion before the present one, to which a rollback goes; None without one."""
    line = champions(events)
    return line[-2] if len(line) > 1 else None


def withdrawn(events: Iterable[PromotionEvent]) -> dict[str, PromotionEvent]:
    """By digest, the models that were withdrawn and that nobody has made champion since.

    Only a person brings one back, by hand.
    """
    out: dict[str, PromotionEvent] = {}
    for event in events:
        if event.withdraws:
            out[event.withdraws] = event
        elif event.kind == "by_hand" and event.alias == "champion":
            out.pop(event.digest, None)
    return out


def on_trial(events: Iterable[PromotionEvent]) -> PromotionEvent | None:
    """The event of the challenger that is to be promoted after a time in shadow, if there is one.

    It was judged beside a champion: when another becomes champion, its trial is over.
    """
    trial: PromotionEvent | None = None
    for event in events:
        is_one = event.alias == "challenger" and event.on_trial
        trial = event if is_one else None
    return trial


def challenger(events: Iterable[PromotionEvent]) -> PromotionEvent | None:
    """The event by which the present challenger became it, on trial or not."""
    newest: PromotionEvent | None = None
    for event in events:
        if event.alias == "challenger":
            newest = event
    return newest if newest is not None and newest.to_version is not None else None


def champion_digest(events: Iterable[PromotionEvent]) -> str | None:
    """The digest of the present champion's model."""
    newest: str | None = None
    for event in events:
        if event.alias == "champion" and event.to_version is not None:
            newest = event.digest
    return newest
