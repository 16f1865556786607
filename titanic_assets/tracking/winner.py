"""What the winner of a search leaves in MLflow: its figures, its pictures, its pipeline.

The pipeline is there for people to look at and compute with. What serves is the release
directory, in which nothing has to be unpickled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient

    from titanic_assets.tracking.registry import Registry

_TRUSTED_PACKAGES = ("sklearn.", "numpy.", "scipy.", "imblearn.", "titanic_model.")


class UntrustedPipeline(ValueError):
    """A pipeline made of types that nobody has looked at."""


@dataclass(frozen=True)
class Winner:
    """A fitted pipeline and all that is to be known of it.

    `release` is the directory from which it is served, and `digest` the identity
    of the model in it, which a second training on the same data arrives at again.
    `artifacts` are further files by path, e.g. `figures/roc.png`. `pip_requirements` are exact,
    because to find them out would cost MLflow a second process.
    """

    run_id: str
    pipeline: Any
    input_example: Any
    release: Path
    digest: str
    data_fingerprint: str
    dagster_run_id: str
    code_revision: str
    pip_requirements: Sequence[str]
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, str]:
        """What it was made of, as the tags of its version."""
        return {
            "digest": self.digest,
            "data_fingerprint": self.data_fingerprint,
            "dagster_run_id": self.dagster_run_id,
            "code_revision": self.code_revision,
        }


def log_facts(client: MlflowClient, winner: Winner) -> None:
    """Write the winner's parameters, metrics and files to its run."""
    import time

    from mlflow.entities import Metric, Param

    now = round(time.time() * 1000)
    client.log_batch(
        winner.run_id,
        metrics=[Metric(key, value, now, 0) for key, value in winner.metrics.items()],
        params=[Param(key, str(value)) for key, value in winner.params.items()],
    )
    log_files(client, winner.run_id, winner.artifacts)


def log_files(client: MlflowClient, run_id: str, files: Mapping[str, bytes]) -> None:
    """Keep files, by their paths, among a run's artifacts."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, folder)


def log_pipeline(registry: Registry, winner: Winner) -> str:
    """Save the pipeline as a model of the winner's run, in skops format; returns the model's id.

    The list of types it may consist of travels with it. That shields nobody from a hostile file:
    digests do.
    """
    import mlflow.sklearn
    from mlflow.models import Model, infer_signature

    # What saves a model knows no other way to be told the store than this process-wide setting.
    mlflow.set_tracking_uri(registry.tracking_uri)
    trusted = trusted_types(winner.pipeline)
    # Without an id, MLflow would put the model into whatever experiment is the active one.
    model = registry.client.create_logged_model(
        registry.experiment, name="model", source_run_id=winner.run_id
    )
    Model.log(
        artifact_path=None,
        flavor=mlflow.sklearn,
        model_id=model.model_id,
        run_id=winner.run_id,
        sk_model=winner.pipeline,
        signature=infer_signature(
            winner.input_example, winner.pipeline.predict_proba(winner.input_example)
        ),
        input_example=winner.input_example,
        pyfunc_predict_fn="predict_proba",
        serialization_format="skops",
        skops_trusted_types=trusted,
        pip_requirements=list(winner.pip_requirements),
    )
    return str(model.model_id)


def trusted_types(pipeline: object) -> list[str]:
    """The types in a pipeline that skops must be told to trust; all of packages that we use."""
    import skops.io

    types = skops.io.get_untrusted_types(data=skops.io.dumps(pipeline))
    strangers = [name for name in types if not name.startswith(_TRUSTED_PACKAGES)]
    if strangers:
        raise UntrustedPipeline(
            f"the pipeline contains {', '.join(strangers)}: build it from estimators of "
            f"{', '.join(_TRUSTED_PACKAGES)} or add a package to that list in {__name__}"
        )
    return list(types)
