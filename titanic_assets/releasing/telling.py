"""Tells Dagster what was made live outside of its runs, so that its history has it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import dagster as dg

    from titanic_assets.releasing.rolling_back import RolledBack
    from titanic_assets.settings import Settings


def as_materialization(done: RolledBack) -> dg.AssetMaterialization:
    """A rollback as Dagster knows what was made live: by the asset that stands for it."""
    import dagster as dg

    live, event = done.live, done.event
    return dg.AssetMaterialization(
        "live_release",
        description=f"version {event.from_version} was withdrawn: {event.why}",
        metadata={
            "version": live.version,
            "release": live.release,
            "service": dg.MetadataValue.url(live.service),
            "seconds": live.seconds,
            "event": event.event_id,
            "who": event.who,
        },
    )


def tell_dagster(settings: Settings, done: RolledBack, say: Callable[[str], None]) -> None:
    """Enter a rollback as a materialisation of `live_release`, where Dagster has been at home.

    What is live is live: that Dagster could not be told is said, and fails nothing.
    """
    home = settings.places.dagster
    if not (home / "dagster.yaml").exists():
        return
    import dagster as dg

    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            instance.report_runless_asset_event(as_materialization(done))
    except Exception as error:  # noqa: BLE001 - of a store that may be anywhere
        say(f"Dagster's history does not have it: {error}")
    else:
        say("Dagster's history of live_release has it")
