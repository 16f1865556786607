"""A graph as small as can be, with the job that `make run` starts."""

import os
from datetime import UTC, datetime

import dagster as dg

from titanic_assets.ledger import PromotionEvent, PromotionLedger
from titanic_assets.settings import load_settings
from titanic_assets.tracking.registry import Registry
from titanic_assets.tracking.versions import MODEL_NAME


@dg.asset(metadata={"of": "tests"})
def raw_passengers() -> dg.MaterializeResult:
    """Two figures for the terminal."""
    return dg.MaterializeResult(metadata={"dagster/row_count": 1309, "share": 0.25})


@dg.asset(deps=[raw_passengers])
def champion_model(context: dg.AssetExecutionContext) -> None:
    """A version with the alias, and the line in the ledger."""
    if os.environ.get("TINY_FAILS"):
        raise dg.Failure("the ship is still afloat")
    settings = load_settings()
    client = Registry(settings.tracking_uri).client
    version = client.create_model_version(MODEL_NAME, source=str(settings.places.home))
    client.set_registered_model_alias(MODEL_NAME, "champion", version.version)
    PromotionLedger(settings.places.ledger).append(
        PromotionEvent(
            event_id=context.run_id,
            when=datetime.now(UTC),
            who="tests",
            alias="champion",
            from_version=None,
            to_version=int(version.version),
            why="log loss 0.43, the first of its kind",
            digest="0" * 64,
            dagster_run_id=context.run_id,
        )
    )


defs = dg.Definitions(
    assets=[raw_passengers, champion_model],
    jobs=[dg.define_asset_job("training_job", executor_def=dg.in_process_executor)],
)
