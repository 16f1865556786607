"""The alert sensor: people are told of troubles that last, once each, and of what was not sent.

Each look stands for itself: one that fails is told in the tick and keeps nobody from being told of
the others.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from titanic_assets.alerts import looking, occasions
from titanic_assets.alerts.delivery import deliver_pending
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.alerts.raising import raise_alert, trouble_over
from titanic_assets.alerts.showing import shown_anew
from titanic_assets.alerts.wording import presentable
from titanic_assets.automation.freshness import stale_assets
from titanic_assets.settings import Settings

if TYPE_CHECKING:
    from titanic_assets.alerts.alert import Kind

_HOUR = 3600.0
# A service that swaps is behind for a moment.
_BEHIND_SECONDS = 20.0
# After a night's rest everything is too old, until the runs that were missed have made it anew.
_STALE_SECONDS = 1800.0
# Whoever has not looked for so long was stopped or asleep.
_BREAK_SECONDS = 300.0


class LedgerUnreadable(Exception):
    """Nobody knows what people were told."""


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people of drift, bad performance, refused releases and stale data, and "
    "sends what could not be sent before.",
)
def alert_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    """Look, tell what is new, note what is over, send what is pending."""
    now = time.time()
    memory = Memory.from_text(context.cursor).looking_at(now)
    say = context.log.info
    problems: list[str] = []
    ledger = AlertLedger(settings.places.alerts)

    memory, releases = _look_at_releases(settings, memory, now, problems)
    memory, stale = _look_at_ages(context.instance, settings, memory, now)
    looks: dict[Kind, looking.Troubles | None] = {
        "drift": looking.looked(partial(looking.drift, settings), problems),
        "performance": looking.looked(partial(looking.performance, settings), problems),
        "release_refused": releases,
        "stale_data": stale,
    }
    try:
        decision = looking.decide(
            {
                # As the ledger has them.
                kind: [replace(each, alert=presentable(each.alert, settings)) for each in found]
                for kind, found in looks.items()
                if found is not None
            },
            ledger.records(),
            now,
            settings.alert_repeat_hours * _HOUR,
            configured=settings.slack_webhook_url is not None,
        )
    except OSError as error:
        raise LedgerUnreadable(
            f"the ledger of alerts {ledger.path} cannot be read ({error.strerror}). Make it a file "
            "that this user may read and write; until then nobody is told of anything."
        ) from error
    for key in decision.over:
        trouble_over(settings, key, say)
    for alert in decision.news:
        raise_alert(settings, alert, say)
    deliver_pending(settings, say)

    size = ledger.path.stat().st_size if ledger.path.exists() else 0
    changed = size != memory.ledger_size
    memory = replace(memory, ledger_size=size)
    told = f"{len(decision.news)} new, {len(decision.over)} over"
    return dg.SensorResult(
        skip_reason="; ".join([told, *problems]),
        cursor=memory.to_text(),
        asset_events=[shown_anew(settings)] if changed else [],
    )


@dataclass(frozen=True)
class Memory:
    """What the alert sensor remembers from one look to the next."""

    looked: float | None = None
    behind_since: float | None = None
    stale_since: float | None = None
    ledger_size: int = 0

    @classmethod
    def from_text(cls, text: str | None) -> Memory:
        """Read a cursor back. One that was wiped costs half a minute."""
        try:
            return cls(**json.loads(text or "{}"))
        except (TypeError, ValueError):
            return cls()

    def looking_at(self, now: float) -> Memory:
        """What of it holds now: nobody knows what lasted while nobody looked."""
        if self.looked is not None and 0 <= now - self.looked <= _BREAK_SECONDS:
            return replace(self, looked=now)
        return Memory(looked=now, ledger_size=self.ledger_size)

    def to_text(self) -> str:
        """The cursor as Dagster stores it."""
        return json.dumps(asdict(self))


def _look_at_releases(
    settings: Settings, memory: Memory, now: float, problems: list[str]
) -> tuple[Memory, looking.Troubles | None]:
    """A release counts as refused when the service is behind at two looks, one after another."""
    try:
        served = looking.look_at_service(settings)
    except looking.CannotLook as error:
        problems.append(str(error))
        return replace(memory, behind_since=None), None
    if not served.behind:
        return replace(memory, behind_since=None), ()
    since = now if memory.behind_since is None else memory.behind_since
    memory = replace(memory, behind_since=since)
    if now - since < _BEHIND_SECONDS:
        problems.append("the service is behind, since just now")
        return memory, None
    return memory, looking.looked(lambda: looking.refused_release(settings, served, now), problems)


def _look_at_ages(
    instance: dg.DagsterInstance, settings: Settings, memory: Memory, now: float
) -> tuple[Memory, looking.Troubles | None]:
    """Assets that are too old and stay so."""
    stale = stale_assets(instance)
    if not stale:
        return replace(memory, stale_since=None), ()
    since = now if memory.stale_since is None else memory.stale_since
    memory = replace(memory, stale_since=since)
    if now - since < _STALE_SECONDS:
        return memory, None
    return memory, tuple(
        looking.Trouble(occasions.stale_data(settings, asset, hours), now)
        for asset, hours in stale.items()
    )
