"""The jobs: which assets are made together."""

import dagster as dg

training_job = dg.define_asset_job(
    "training_job",
    selection=dg.AssetSelection.groups("ingestion", "training"),
    description="From raw passengers to a champion: read, validate, train, judge, promote or not.",
)

_BUNDLED = ("serving_bundle", "live_release")

# By IMAGE_BUILD: the image is made with every release, or only when somebody materialises it.
bundle_jobs = {
    image_build: dg.define_asset_job(
        "bundle_job",
        selection=dg.AssetSelection.assets(*made),
        description="From the champion to the service that answers with it: "
        "bundle, prove, go live.",
        tags={
            # A run that was killed is tried again; one whose asset has failed has tried again
            # itself.
            "dagster/max_retries": "2",
            "dagster/retry_on_asset_or_op_failure": "false",
            "dagster/retry_strategy": "ALL_STEPS",
        },
    )
    for image_build, made in {
        "on_demand": _BUNDLED,
        "every_release": (*_BUNDLED, "serving_image"),
    }.items()
}
