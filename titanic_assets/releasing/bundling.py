"""What the serving assets do between Dagster, the registry, BentoML's store and the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from titanic_assets.metadata import as_table
from titanic_assets.releasing import EVENTS_TAG
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from titanic_assets.releasing.bundle import Bento
    from titanic_assets.releasing.going_live import LiveRelease
    from titanic_assets.settings import Settings
    from titanic_assets.tracking.links import Links
    from titanic_assets.tracking.versions import Versions


@dataclass(frozen=True)
class ServedBundle:
    """A champion with the bento that serves it, and the events of the ledger it answers for."""

    version: int
    digest: str
    release: str
    tag: str
    events: tuple[str, ...]


@contextmanager
def lasting_failures() -> Iterator[None]:
    """Let what another try would not mend fail at once."""
    from titanic_assets.releasing.publish import NoChampion
    from titanic_assets.tracking.registry import ForeignVersion, NoRelease
    from titanic_model.release import BrokenRelease

    try:
        yield
    except (BrokenRelease, ForeignVersion, NoChampion, NoRelease) as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def bundle_champion(
    settings: Settings, registry: Versions, tags: Mapping[str, str], say: Callable[[str], None]
) -> tuple[ServedBundle, Bento]:
    """Publish the release of whoever is champion now, not live yet, and see to its bento."""
    from titanic_assets.releasing.bundle import build_bento
    from titanic_assets.releasing.publish import champion_of, publish_version

    champion = champion_of(registry)
    releases = settings.places.releases
    name = publish_version(registry, champion, releases)
    bento = build_bento(releases / name, settings)
    if bento.reused:
        say(f"bento {bento.version} is there already")
    else:
        say(
            f"bento {bento.version} built in {bento.building:.1f} s; served once, it gave the "
            f"golden passengers their probabilities ({bento.proving:.1f} s)"
        )
    events = answered_for(tags, PromotionLedger(settings.places.ledger).events())
    return ServedBundle(champion.version, champion.digest, name, bento.tag, events), bento


def answered_for(tags: Mapping[str, str], events: tuple[PromotionEvent, ...]) -> tuple[str, ...]:
    """The events that a run was started for; of one that a person started, the newest there is."""
    if named := tags.get(EVENTS_TAG):
        return tuple(named.split(","))
    return tuple(event.event_id for event in events[-1:])


def describe_bundle(
    bundle: ServedBundle, bento: Bento, settings: Settings, links: Links
) -> dict[str, Any]:
    """What people see of a bento."""
    from titanic_model.release import read_release

    golden = len(read_release(settings.places.releases / bundle.release).golden)
    return {
        "tag": bento.tag,
        "version": bundle.version,
        "size": f"{bento.size / 1e6:.2f} MB",
        "built": "is there already" if bento.reused else f"in {bento.building:.1f} s",
        "proven": "when it was built"
        if bento.reused
        else f"served once in a clean process, asked {golden} golden passengers, all within the "
        f"tolerance; {bento.proving:.1f} s",
        "labels": dg.MetadataValue.md(as_table(["label", "value"], bento.labels.items())),
        "in MLflow": dg.MetadataValue.url(links.version(bundle.version)),
        "commands": dg.MetadataValue.md(_commands(bento, settings)),
    }


def describe_live(
    live: LiveRelease, bundle: ServedBundle, settings: Settings, links: Links
) -> dict[str, Any]:
    """What people see of what is live."""
    events = PromotionLedger(settings.places.ledger).events()
    of_it = [event for event in events if event.alias == "champion"][-1:]
    facts: dict[str, Any] = {
        "version": live.version,
        "release": live.release,
        "bento": bundle.tag,
        "challenger": str(live.challenger or live.challenger_problem or "none"),
        "answers after": f"{live.seconds:.1f} s",
        "service": dg.MetadataValue.url(f"{live.service}/ui"),
        "in MLflow": dg.MetadataValue.url(links.version(live.version)),
    }
    for event in of_it:
        if event.to_version == live.version:
            facts |= {
                "since": f"{event.when:%Y-%m-%d %H:%M:%S} UTC, by {event.who}",
                "why": event.why,
            }
            # Else the service has answered with it for longer, or it is the challenger that moved.
            if live.changed and event is events[-1]:
                since = datetime.now(UTC) - event.when
                facts["from alias to answer"] = f"{since.total_seconds():.1f} s"
    return facts


def _commands(bento: Bento, settings: Settings) -> str:
    home = settings.places.bentoml
    return "\n".join(
        [
            "```sh",
            f"export BENTOML_HOME={home}",
            "bentoml list",
            f"bentoml serve {bento.tag}",
            f"bentoml containerize {bento.tag}",
            f"bentoml export {bento.tag} titanic_survival.bento",
            "make rollback",
            "```",
        ]
    )
