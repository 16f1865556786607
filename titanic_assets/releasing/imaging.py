"""What the asset `serving_image` does between Dagster, the container engine and MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from titanic_assets.metadata import as_table

if TYPE_CHECKING:
    from titanic_assets.releasing.bundling import ServedBundle
    from titanic_assets.releasing.image.build import BuiltImage
    from titanic_assets.releasing.image.trial import Trial
    from titanic_assets.settings import Settings

CHECK = "image_was_built"
_IN_MLFLOW = "image"


@dataclass(frozen=True)
class ServingImage:
    """The image of a bento, in the store of a container engine."""

    tag: str
    id: str
    engine: str
    version: int
    release_digest: str
    megabytes: float


def make_serving_image(
    context: dg.AssetExecutionContext, bundle: ServedBundle, settings: Settings
) -> Iterator[dg.Output[ServingImage] | dg.AssetCheckResult]:
    """Build and try the image, if there is an engine; the check says what came of it."""
    from titanic_assets.releasing.image import LARGEST_MB
    from titanic_assets.releasing.image.build import build_image
    from titanic_assets.releasing.image.engine import NoEngine, find_engine
    from titanic_assets.releasing.image.report import size_in_words, trial_in_words
    from titanic_assets.releasing.image.trial import try_image

    try:
        engine = find_engine(settings.container_engine)
    except NoEngine as error:
        context.log.info("image not built: %s", error)
        yield _check("image not built: no container engine", passed=False, why=str(error))
        return
    built = build_image(bundle.tag, settings, engine, context.log.info)
    trial = try_image(built.tag, built.bento.release, engine)
    words = trial_in_words(trial)
    context.log.info(words)
    release = built.bento.release
    yield dg.Output(
        ServingImage(
            tag=built.tag,
            id=built.image.id,
            engine=engine.name,
            version=int(release.metadata.version),
            release_digest=release.digest,
            megabytes=round(built.image.megabytes, 1),
        ),
        metadata=_describe(context, built, trial, settings),
    )
    small = built.image.megabytes <= LARGEST_MB
    yield _check(f"{size_in_words(built)}. {words}", passed=small)


def _check(words: str, *, passed: bool, why: str = "") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=words,
        metadata={"why": why} if why else {},
    )


def _describe(
    context: dg.AssetExecutionContext, built: BuiltImage, trial: Trial, settings: Settings
) -> dict[str, Any]:
    from titanic_assets.releasing.image.report import components, how_to_run, size_in_words

    sbom = built.sbom.read_bytes()
    facts: dict[str, Any] = {
        "tag": built.tag,
        "version": trial.model_version,
        "engine": built.engine.name,
        "id": built.image.id,
        "size": size_in_words(built),
        "ready after": f"{trial.ready_seconds:.1f} s",
        "labels": dg.MetadataValue.md(as_table(["label", "value"], built.image.labels.items())),
        "bill of materials": dg.MetadataValue.path(str(built.sbom)),
        "parts in it": components(sbom),
        "commands": dg.MetadataValue.md(f"```sh\n{how_to_run(built)}\n```"),
    }
    if link := _link_to_sbom(context, built, settings):
        facts["bill of materials in MLflow"] = dg.MetadataValue.url(link)
    return facts


def _link_to_sbom(
    context: dg.AssetExecutionContext, built: BuiltImage, settings: Settings
) -> str | None:
    """Keep it with the run that the model comes from, where its address opens in a browser."""
    from mlflow.exceptions import MlflowException

    from titanic_assets.tracking.links import Links
    from titanic_assets.tracking.registry import Registry

    run = built.bento.release.metadata.provenance.mlflow_run_id
    try:
        client = Registry(settings.tracking_uri).client
        experiment = client.get_run(run).info.experiment_id
        client.log_artifact(run, str(built.sbom), _IN_MLFLOW)
    except (MlflowException, OSError) as error:
        context.log.warning("the bill of materials is not in MLflow: %s", error)
        return None
    return Links(settings.mlflow_ui).artifact(experiment, run, f"{_IN_MLFLOW}/{built.sbom.name}")
