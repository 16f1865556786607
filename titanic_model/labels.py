"""What a release is labelled with wherever it is packed: a model, a bento, an image."""

from __future__ import annotations

from titanic_model.release import Release


def labels_of(release: Release) -> dict[str, str]:
    """Which model this is and what it was made of, to be read without opening it."""
    provenance = release.metadata.provenance
    return {
        "model_version": release.metadata.version,
        "release_digest": release.digest,
        "mlflow_run_id": provenance.mlflow_run_id,
        "dagster_run_id": provenance.dagster_run_id,
        "data_fingerprint": provenance.data_fingerprint,
        "code_revision": provenance.code_revision,
    }
