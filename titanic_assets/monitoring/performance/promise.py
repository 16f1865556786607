"""What a version was worth before it went live, from the release that it became."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from titanic_model.outcomes import Promise
from titanic_model.reference import Reference
from titanic_model.release import METADATA, REFERENCE

if TYPE_CHECKING:
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.tracking.versions import ModelVersion

# Families kept together, where that was measured: a passenger to come has no relative in training.
_ACCURACY = ("accuracy_by_ticket", "accuracy")
_LOG_LOSS = ("log_loss_by_ticket", "log_loss")


def promise_of(registry: Registry, version: ModelVersion) -> Promise | None:
    """Its cross-validated figures; None where its release does not have them any more."""
    from mlflow.exceptions import MlflowException

    from titanic_assets.tracking.registry import RELEASE

    with TemporaryDirectory() as folder:
        try:
            metadata, reference = (
                Path(
                    registry.client.download_artifacts(version.run_id, f"{RELEASE}/{name}", folder)
                ).read_text(encoding="utf-8")
                for name in (METADATA, REFERENCE)
            )
        except (MlflowException, OSError):
            return None
    figures = json.loads(metadata)["figures"]
    accuracy = _first(figures, _ACCURACY)
    log_loss = _first(figures, _LOG_LOSS)
    if accuracy is None or log_loss is None:
        return None
    return Promise(accuracy, log_loss, Reference.from_json(reference).passengers)


def _first(figures: dict[str, float], names: tuple[str, ...]) -> float | None:
    return next((figures[name] for name in names if name in figures), None)
