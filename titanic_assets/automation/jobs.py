"""The jobs: which assets are made together."""

import dagster as dg

training_job = dg.define_asset_job(
    "training_job",
    selection=dg.AssetSelection.groups("ingestion", "training"),
    description="From raw passengers to a champion: read, validate, train, judge, promote or not.",
)

bundle_job = dg.define_asset_job(
    "bundle_job",
    selection=dg.AssetSelection.assets("serving_bundle", "live_release"),
    description="From the champion to the service that answers with it: bundle, prove, go live.",
    tags={
        # A run that was killed is tried again; one whose asset has failed has tried again itself.
        "dagster/max_retries": "2",
        "dagster/retry_on_asset_or_op_failure": "false",
        "dagster/retry_strategy": "ALL_STEPS",
    },
)

# A job of its own: pools are held by whole runs, and no promotion has to wait for an image.
image_job = dg.define_asset_job(
    "image_job",
    selection=dg.AssetSelection.assets("serving_image"),
    description="The container image of the champion's bento: built, labelled, tried.",
)

monitoring_job = dg.define_asset_job(
    "monitoring_job",
    # Alerts have their own occasions.
    selection=dg.AssetSelection.groups("monitoring") - dg.AssetSelection.assets("alert_ledger"),
    description="What the service logged is collected and judged: events, labelled rows, reports.",
)
