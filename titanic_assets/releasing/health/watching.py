"""Which release is watched, since when it is live, and what is remembered from look to look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Self

from titanic_assets.releasing.health.chance import Latency
from titanic_assets.releasing.health.counting import Counted, Requests, anew, counted, passed_over
from titanic_assets.releasing.health.served import Served
from titanic_assets.tracking.champions import champion_before, champions

if TYPE_CHECKING:
    from titanic_assets.tracking.ledger import PromotionEvent


@dataclass(frozen=True)
class Pair:
    """A new champion, by the event that made it one, and the champion before it."""

    event_id: str
    promoted_at: float
    version: int
    digest: str
    before: int
    digest_before: str


def newest_pair(events: Sequence[PromotionEvent]) -> Pair | None:
    """The champion that may be withdrawn; None without one to go back to, or after a way back.

    That is a rollback, or the same by hand: whoever has pointed the alias at a champion of old
    would not have the one that he left again.
    """
    ours = [event for event in events if event.alias == "champion" and event.to_version is not None]
    before = champion_before(ours)
    if not ours or before is None:
        return None
    newest = ours[-1]
    if newest.kind == "rollback" or newest.to_version is None:
        return None
    if newest.kind == "by_hand" and newest.to_version in champions(ours[:-1]):
        return None
    digest_before = next(event.digest for event in reversed(ours) if event.to_version == before)
    return Pair(
        newest.event_id,
        newest.when.timestamp(),
        newest.to_version,
        newest.digest,
        before,
        digest_before,
    )


@dataclass(frozen=True)
class Watch:
    """What is known of one release since it is live, beside what is asked at each look."""

    event_id: str
    live_since: float
    requests_before: Requests
    latency_before: Latency | None = None
    # Whether its withdrawal was asked for. That is done once.
    withdrawn: bool = False


@dataclass(frozen=True)
class Memory:
    """What is kept from look to look."""

    counted: Counted | None = None
    watch: Watch | None = None

    @classmethod
    def from_text(cls, text: str | None) -> Self:
        """Read it back. What was wiped or edited is forgotten: the watch begins anew."""
        try:
            content = json.loads(text or "{}")
            so_far, watch = content["counted"], content["watch"]
            if so_far:
                so_far["pieces"] = tuple(tuple(piece) for piece in so_far["pieces"])
            if watch:
                watch["requests_before"] = Requests(**watch["requests_before"])
                latency = watch["latency_before"]
                watch["latency_before"] = Latency(**latency) if latency else None
            return cls(Counted(**so_far) if so_far else None, Watch(**watch) if watch else None)
        except (KeyError, TypeError, ValueError):
            return cls()

    def to_text(self) -> str:
        """As Dagster stores it."""
        return json.dumps(asdict(self))

    def watch_of(self, pair: Pair) -> Watch | None:
        """The watch over this new champion; None until it was seen live."""
        return self.watch if self.watch and self.watch.event_id == pair.event_id else None

    def why_over(self, pair: Pair, now: float, minutes: float) -> str:
        """Why there is nothing to watch any more; empty while there is."""
        watch = self.watch_of(pair)
        if watch and watch.withdrawn:
            return (
                f"version {pair.version} was found unfit, and rollback_job was started for it. "
                "Where that failed, launch it again"
            )
        since = watch.live_since if watch else pair.promoted_at
        if now <= since + minutes * 60:
            return ""
        lived = "was watched" if watch else "has not been seen live"
        return f"version {pair.version} {lived} for {minutes:g} minutes; nothing is watched now"

    def look(self, served: Served, pair: Pair | None, now: float) -> Memory:
        """Go on counting, and begin to watch when the service answers with the new release alone.

        What is counted while another one answers, or none, is not put down to the new release;
        what is counted in the moments of the change to neither.
        """
        watch = self.watch_of(pair) if pair else None
        live = pair is not None and served.champions == {str(pair.version)}
        if not served.champions or (watch and not live):
            return replace(self, counted=passed_over(self.counted, served, now))
        so_far = counted(self.counted, served, now)
        if pair is None or watch or not live:
            return replace(self, counted=so_far)
        known = self.counted.lately if self.counted else Requests()
        begun = Watch(pair.event_id, now, known if known.total else so_far.ever)
        return Memory(anew(so_far), begun)
