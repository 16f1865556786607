"""The jobs: which assets are made together."""

import dagster as dg

# Runs with this tag replace asset values, so the instance lets only one of them run at a time.
WRITES_THE_GRAPH = {"titanic/graph": "writes"}

training_job = dg.define_asset_job(
    "training_job",
    selection=dg.AssetSelection.groups("ingestion", "training"),
    description="From raw passengers to a champion: read, validate, train, judge, promote or not.",
    tags=WRITES_THE_GRAPH,
)
