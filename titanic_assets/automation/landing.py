"""The landing sensor: new passenger lists in the landing folder start one training run.

Content counts, not names: the same list under another name starts nothing. What a list is worth
is for the run to find out; one that is refused has had its run.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import dagster as dg

from titanic_assets.settings import Settings
from titanic_assets.sources.digests import identify
from titanic_assets.sources.landed import LandedFile, Landing, landing_files

# For people who look at a run; some databases cut a tag at this length.
_TAG_LENGTH = 255
# Dagster ends a tick after a minute. What is not digested by then has its turn in the next.
_DIGESTING_SECONDS = 30.0

# What the folder says of a file: while it stays the same, so does the digest.
Traits = tuple[str, int, int]


class LandingUnreadable(Exception):
    """The landing folder is there and cannot be looked into."""


@dataclass(frozen=True)
class LandingCursor:
    """What the sensor remembers: the contents it has seen, and the digests of files still there."""

    seen: frozenset[str] = frozenset()
    digests: Mapping[Traits, str] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str | None) -> Self:
        """Read a cursor back. One that was wiped or edited is a fresh one: run keys still hold."""
        try:
            kept = json.loads(text or "{}")
            digests = {
                (name, size, changed): digest for name, size, changed, digest in kept["files"]
            }
            return cls(frozenset(kept["seen"]), digests)
        except (ValueError, KeyError, TypeError):
            return cls()

    def to_text(self) -> str:
        """The cursor as Dagster stores it."""
        files = sorted([*traits, digest] for traits, digest in self.digests.items())
        return json.dumps({"seen": sorted(self.seen), "files": files})


@dataclass(frozen=True)
class LandingDecision:
    """Whether to start a run, for which files, why or why not, and what to remember."""

    cursor: LandingCursor
    reason: str
    run_key: str | None = None
    new: Mapping[str, str] = field(default_factory=dict)


def decide_landing(
    landing: Landing, digests: Mapping[Traits, str], cursor: LandingCursor
) -> LandingDecision:
    """Decide on what lies there: at most one run, for all contents not seen before.

    `digests` has those of the complete files, as far as they were taken. The run key is a digest
    of all contents there, so that a cursor that was wiped starts nothing a second time.
    """
    waiting = [_counted(len(landing.unsettled), "file", "still being written")]
    undigested = sum(_traits(file) not in digests for file in landing.complete)
    waiting.append(_counted(undigested, "file", "still being digested"))
    waiting.append(_counted(len(landing.strangers), "item", "neither CSV nor Parquet"))
    there = {
        file.name: digests[_traits(file)] for file in landing.complete if _traits(file) in digests
    }
    new = {name: digest for name, digest in there.items() if digest not in cursor.seen}
    if undigested or not new:
        known = _counted(len(there) - len(new), "list", "trained on or refused before")
        reason = "; ".join(filter(None, [known, *waiting])) or "nothing has landed"
        return LandingDecision(LandingCursor(cursor.seen, digests), reason)
    contents = "\n".join(sorted(set(there.values())))
    return LandingDecision(
        cursor=LandingCursor(cursor.seen | set(new.values()), digests),
        reason="; ".join(filter(None, [_counted(len(new), "new list", "landed"), *waiting])),
        run_key=f"landing-{hashlib.sha256(contents.encode()).hexdigest()}",
        new=new,
    )


def take_digests(files: tuple[LandedFile, ...], cursor: LandingCursor) -> dict[Traits, str]:
    """The digests of complete files, anew only for what changed, while a tick has time for it."""
    stop = time.monotonic() + _DIGESTING_SECONDS
    digests: dict[Traits, str] = {}
    for file in files:
        traits = _traits(file)
        if traits in cursor.digests:
            digests[traits] = cursor.digests[traits]
        elif time.monotonic() < stop:
            try:
                digests[traits] = identify(file.path)
            except FileNotFoundError:
                continue  # taken away since the folder was listed; the next tick does not see it
    return digests


@dg.sensor(
    job_name="training_job",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts training when new passenger lists lie complete in the landing folder.",
)
def landing_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Look at the landing folder, decide, and enqueue."""
    folder = settings.places.landing
    cursor = LandingCursor.from_text(context.cursor)
    try:
        landing = landing_files(folder, settings.landing_settle_seconds, time.time())
    except OSError as error:
        raise LandingUnreadable(
            f"cannot look into the landing folder {folder} ({error.strerror}). Make it a folder "
            "that this user may read; what has landed meanwhile is then seen."
        ) from error
    decision = decide_landing(landing, take_digests(landing.complete, cursor), cursor)
    context.update_cursor(decision.cursor.to_text())
    if decision.run_key is None:
        return dg.SkipReason(decision.reason)
    context.log.info(decision.reason)
    return dg.RunRequest(run_key=decision.run_key, tags=_tags(decision.new))


def _tags(new: Mapping[str, str]) -> dict[str, str]:
    """What landed, for the run's page.

    A refused list fails the run it came with. Where others came along, Dagster tries again without
    it, so that they need not wait for the next landing.
    """
    tags = {
        "titanic/landed": ", ".join(new)[:_TAG_LENGTH],
        "titanic/landed_digests": ", ".join(digest[:12] for digest in new.values())[:_TAG_LENGTH],
    }
    if len(new) > 1:
        tags |= {"dagster/max_retries": "2", "dagster/retry_strategy": "ALL_STEPS"}
    return tags


def _traits(file: LandedFile) -> Traits:
    return (file.name, file.size, file.changed_ns)


def _counted(count: int, noun: str, what: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''} {what}" if count else ""
