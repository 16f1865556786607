"""The jobs: which assets are made together."""

import dagster as dg

training_job = dg.define_asset_job(
    "training_job",
    selection=dg.AssetSelection.groups("ingestion", "training"),
    description="From raw passengers to a champion: read, validate, train, judge, promote or not.",
)
