"""Addresses in MLflow's UI, for people who follow a link from an asset."""

from dataclasses import dataclass
from urllib.parse import quote

from titanic_assets.tracking.versions import MODEL_NAME

# Else MLflow opens its view for language models, which knows of no registered models.
_VIEW = "?workflowType=machine_learning"


@dataclass(frozen=True)
class Links:
    """Addresses below the UI's own, e.g. `http://localhost:5000`."""

    ui: str

    def run(self, experiment_id: str, run_id: str) -> str:
        """The page of a run."""
        return f"{self._run(experiment_id, run_id)}{_VIEW}"

    def artifact(self, experiment_id: str, run_id: str, path: str) -> str:
        """The page that shows one artifact of a run; pictures and HTML are rendered there."""
        return f"{self._run(experiment_id, run_id)}/artifacts/{quote(path)}{_VIEW}"

    def file(self, run_id: str, path: str) -> str:
        """An artifact of a run by itself, e.g. a picture for a page elsewhere."""
        return f"{self.ui.rstrip('/')}/get-artifact?path={quote(path)}&run_uuid={run_id}"

    def version(self, version: int) -> str:
        """The page of a model version."""
        return f"{self.ui.rstrip('/')}/#/models/{MODEL_NAME}/versions/{version}{_VIEW}"

    def _run(self, experiment_id: str, run_id: str) -> str:
        return f"{self.ui.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
