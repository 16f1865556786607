"""The container image of what is served."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import IMAGE_POOL, SERVING_TEAM
from titanic_assets.releasing.bundling import ServedBundle
from titanic_assets.releasing.imaging import CHECK, ServingImage, make_serving_image
from titanic_assets.settings import Settings


@dg.asset(
    group_name="serving",
    pool=IMAGE_POOL,
    owners=[SERVING_TEAM],
    kinds={"docker", "bentoml"},
    deps=["live_release"],
    output_required=False,
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset="serving_image",
            description="The image was built, is small, and answered its golden passengers.",
        )
    ],
)
def serving_image(
    context: dg.AssetExecutionContext,
    serving_bundle: ServedBundle,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.Output[ServingImage] | dg.AssetCheckResult]:
    """The container image of the champion's bento, labelled, with its bill of materials inside.

    It is run once as production would run it, asked its golden passengers, and stopped. Made on
    demand, or with every release (IMAGE_BUILD); without a container engine it is not made.
    """
    yield from make_serving_image(context, serving_bundle, settings)
