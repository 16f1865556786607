"""A graph as small as can be to a champion, and as it is from there on."""

import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from tests.releasing.releases import a_release
from titanic_assets.asset_files import AssetFiles
from titanic_assets.assets.serving import live_release, serving_bundle
from titanic_assets.automation.jobs import bundle_job
from titanic_assets.automation.promotions import promotion_sensor
from titanic_assets.settings import load_settings
from titanic_assets.tracking.ledger import PromotionEvent, PromotionLedger
from titanic_assets.tracking.registry import RELEASE, Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_model.release import write_release


@dg.asset(metadata={"of": "tests"})
def raw_passengers() -> dg.MaterializeResult:
    """Two figures for the terminal."""
    return dg.MaterializeResult(metadata={"dagster/row_count": 1309, "share": 0.25})


@dg.asset(deps=[raw_passengers])
def champion_model(context: dg.AssetExecutionContext) -> None:
    """A version with a release and the alias, and the line in the ledger."""
    if os.environ.get("TINY_FAILS"):
        raise dg.Failure("the ship is still afloat")
    settings = load_settings()
    registry = Registry(settings.tracking_uri)
    client = registry.client
    run = client.create_run(registry.experiment).info.run_id
    release = a_release()
    with TemporaryDirectory() as folder:
        client.log_artifacts(run, str(write_release(release, Path(folder, RELEASE))), RELEASE)
    version = client.create_model_version(
        MODEL_NAME,
        source=str(settings.places.home),
        run_id=run,
        tags={"digest": release.model_digest},
    )
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
            digest=release.model_digest,
            dagster_run_id=context.run_id,
        )
    )


settings = load_settings()
defs = dg.Definitions(
    assets=[raw_passengers, champion_model, serving_bundle, live_release],
    jobs=[
        dg.define_asset_job("training_job", selection=[raw_passengers, champion_model]),
        bundle_job,
    ],
    sensors=[promotion_sensor],
    executor=dg.in_process_executor,
    resources={
        "settings": settings,
        "io_manager": AssetFiles(folder=str(settings.places.tables)),
    },
)
