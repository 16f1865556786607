"""A registry with versions whose releases are tiny."""

import pytest

from tests.releasing.releases import a_release
from titanic_assets.tracking.registry import RELEASE, Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_model.release import write_release


class Models:
    """A real MLflow store, and what is done to it by a training run or by hand."""

    def __init__(self, folder):
        self.folder = folder
        self.registry = Registry(f"sqlite:///{folder / 'mlflow.db'}")
        self.registry.initialise(str(folder / "artifacts"))

    def register(self, bias, alias=None):
        """A version with a release; returns its number."""
        client = self.registry.client
        run = client.create_run(self.registry.experiment).info.run_id
        release = a_release(bias=bias)
        place = write_release(release, self.folder / run / RELEASE)
        client.log_artifacts(run, str(place), RELEASE)
        made = client.create_model_version(
            MODEL_NAME, source=str(place), run_id=run, tags={"digest": release.model_digest}
        )
        number = int(made.version)
        if alias:
            self.registry.move_alias(alias, number)
        return number

    def artifacts(self, number):
        """Where the files of a version's release lie."""
        run = self.registry.version(number).run_id
        return next((self.folder / "artifacts").glob(f"{run}/**/{RELEASE}"))


@pytest.fixture
def models(tmp_path, migrated_store):
    folder = tmp_path / "mlflow"
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(migrated_store.read_bytes())
    return Models(folder)
