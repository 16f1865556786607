"""How Feast is set up: where its registry and its online store are, and what views it has.

The one place to change for another online store. Nothing is registered or written here.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from titanic_model.features import FEATURE_VERSION, FEATURES
from titanic_model.online import (
    FEATURE_VIEW,
    PASSENGER_ID,
    ROWS_FIELD,
    VERSION_FIELD,
    WRITES_VIEW,
    WRITTEN_AT_FIELD,
    WRITTEN_VIEW,
)

if TYPE_CHECKING:
    from feast import Entity, FeatureView, RepoConfig

# How long what is registered may be remembered. A changed file is noticed at once; this is for
# registries elsewhere, and for one that was read in the instant of its being replaced.
_REMEMBER_REGISTRY_SECONDS = 2


def registry_file(folder: Path) -> Path:
    """Where the registry is."""
    return folder / "registry.db"


def online_file(folder: Path) -> Path:
    """Where the online store is."""
    return folder / "online.db"


def store_config(folder: Path) -> RepoConfig:
    """Feast's configuration, the same for the graph that writes and the server that reads."""
    from feast import RepoConfig

    return RepoConfig(
        project="titanic",
        provider="local",
        registry={
            "path": str(registry_file(folder)),
            "cache_ttl_seconds": _REMEMBER_REGISTRY_SECONDS,
        },
        online_store={"type": "sqlite", "path": str(online_file(folder))},
        offline_store={"type": "dask"},
        entity_key_serialization_version=3,
    )


def definitions(features: Path) -> list[Entity | FeatureView]:
    """What is registered, over the feature table at this path."""
    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Float32, Float64, Int32, Int64

    passenger = Entity(
        name="passenger",
        join_keys=[PASSENGER_ID],
        value_type=ValueType.INT64,
        description="A passenger, by the number to look him or her up by.",
    )
    written = Entity(
        name=WRITTEN_VIEW,
        join_keys=[WRITTEN_VIEW],
        value_type=ValueType.STRING,
        description="A feature view in the online store, by its name.",
    )
    table = FileSource(path=str(features), timestamp_field="event_timestamp")
    return [
        passenger,
        written,
        FeatureView(
            name=FEATURE_VIEW,
            entities=[passenger],
            ttl=timedelta(0),
            schema=[
                *(Field(name=name, dtype=Float32) for name in FEATURES),
                Field(name=VERSION_FIELD, dtype=Int32),
            ],
            source=table,
            tags={"feature_version": str(FEATURE_VERSION)},
            description="The features of a passenger, as the model sees them.",
        ),
        FeatureView(
            name=WRITES_VIEW,
            entities=[written],
            ttl=timedelta(0),
            schema=[
                Field(name=ROWS_FIELD, dtype=Int64),
                Field(name=VERSION_FIELD, dtype=Int32),
                Field(name=WRITTEN_AT_FIELD, dtype=Float64),
            ],
            source=table,  # never read for this view, but without one Feast writes no row either
            description="What was written last to a view of the online store, and when.",
        ),
    ]
