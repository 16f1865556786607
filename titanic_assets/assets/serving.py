"""Serving: the bento of the champion, and what the service really answers with."""

from collections.abc import Iterator

import dagster as dg

from titanic_assets.assets import RELEASE_POOL, SERVING_TEAM
from titanic_assets.releasing import bundling
from titanic_assets.releasing.bundling import ServedBundle
from titanic_assets.settings import Settings
from titanic_assets.tracking.http_registry import open_registry
from titanic_assets.tracking.links import Links


@dg.asset(
    group_name="serving",
    pool=RELEASE_POOL,
    owners=[SERVING_TEAM],
    kinds={"bentoml", "onnx"},
    deps=["champion_model"],
    retry_policy=dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL),
)
def serving_bundle(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.Output[ServedBundle]:
    """The bento that serves the champion: the service's code and that one model, under one tag.

    The same version and the same code are the same bento, which is built once. A new one is served
    in a clean process and asked its golden passengers before it counts.
    """
    with bundling.lasting_failures():
        bundle, bento = bundling.bundle_champion(
            settings, open_registry(settings), context.run.tags, context.log.info
        )
    return dg.Output(
        bundle,
        metadata=bundling.describe_bundle(bundle, bento, settings, Links(settings.mlflow_ui)),
    )


@dg.asset(
    group_name="serving",
    pool=RELEASE_POOL,
    owners=[SERVING_TEAM],
    kinds={"bentoml"},
    output_required=False,
    retry_policy=dg.RetryPolicy(max_retries=1, delay=2),
    check_specs=[
        dg.AssetCheckSpec(
            "service_answers_with_it",
            asset="live_release",
            description="The running service answers with the version that was bundled.",
        )
    ],
)
def live_release(
    context: dg.AssetExecutionContext,
    serving_bundle: ServedBundle,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The version that the service answers with. Green when the service itself says so.

    The release is published and the running service swaps to it, without a failed request. Whoever
    wants another version live moves an alias; that starts a run that comes here.
    """
    from titanic_assets.releasing.going_live import make_live
    from titanic_assets.releasing.image.kept import HomeImages
    from titanic_assets.releasing.publish import Overtaken
    from titanic_assets.releasing.retention import remove_outdated

    try:
        with bundling.lasting_failures():
            live = make_live(
                settings,
                open_registry(settings),
                context.log.info,
                expected=serving_bundle.version,
            )
    except Overtaken as overtaken:
        context.log.info("overtaken: %s", overtaken)
        yield dg.AssetCheckResult(
            check_name="service_answers_with_it",
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Overtaken: {overtaken}.",
        )
        return
    yield dg.MaterializeResult(
        metadata=bundling.describe_live(live, serving_bundle, settings, Links(settings.mlflow_ui)),
        check_results=[
            dg.AssetCheckResult(
                check_name="service_answers_with_it",
                passed=True,
                description=f"{live.service} answers with version {live.version}.",
            )
        ],
    )
    try:
        remove_outdated(settings, context.log.info, HomeImages(settings))
    except OSError as error:  # what is live is live; the next run tries again
        context.log.warning("what is outdated could not be removed: %s", error)
