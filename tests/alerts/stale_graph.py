"""A code location with the asset whose age matters most, and nothing that would make it anew."""

import dagster as dg

from titanic_assets.automation.freshness import with_freshness


@dg.asset
def validated_passengers() -> None:
    """Nobody makes it."""


@dg.asset
def passenger_features() -> None:
    """However old it is, nobody is told."""


defs = dg.Definitions(assets=with_freshness([validated_passengers, passenger_features]))
