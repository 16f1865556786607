"""Addresses in MLflow's UI, for people who follow a link from an asset."""

from dataclasses import dataclass
from urllib.parse import quote

from titanic_assets.tracking.versions import MODEL_NAME


@dataclass(frozen=True)
class Links:
    """Addresses below the UI's own, e.g. `http://localhost:5000`."""

    ui: str

    def run(self, experiment_id: str, run_id: str) -> str:
        """The page of a run."""
        return f"{self.ui.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"

    def artifact(self, experiment_id: str, run_id: str, path: str) -> str:
        """The page that shows one artifact of a run; pictures and HTML are rendered there."""
        return f"{self.run(experiment_id, run_id)}/artifacts/{quote(path)}"

    def version(self, version: int) -> str:
        """The page of a model version."""
        return f"{self.ui.rstrip('/')}/#/models/{MODEL_NAME}/versions/{version}"
