"""The whole graph in a temporary home, on a real MLflow store and a real Dagster instance."""

import csv
import shutil

import dagster as dg
import pytest

from tests.graph.people import HEADER
from titanic_assets.definitions import define
from titanic_assets.settings import Settings
from titanic_assets.tracking.registry import Registry


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory):
    """An empty MLflow store. It costs seconds to make, and milliseconds to copy."""
    database = tmp_path_factory.mktemp("store") / "mlflow.db"
    Registry(f"sqlite:///{database}").client.search_experiments()
    return database


class Graph:
    """One home, its definitions, and its instance."""

    def __init__(self, settings, instance):
        self.settings = settings
        self.instance = instance
        self.definitions = define(settings)
        self.cursor = None

    def use(self, **settings):
        """Go on with other settings."""
        self.settings = self.settings.model_copy(update=settings)
        self.definitions = define(self.settings)

    @property
    def places(self):
        return self.settings.places

    @property
    def registry(self):
        return Registry(self.settings.tracking_uri)

    def land(self, name, rows):
        self.places.landing.mkdir(parents=True, exist_ok=True)
        with (self.places.landing / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, HEADER)
            writer.writeheader()
            writer.writerows(rows)

    def tick(self):
        """One evaluation of the landing sensor, as the daemon does it."""
        sensor = self.definitions.resolve_sensor_def("landing_sensor")
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"settings": self.settings}
        ) as context:
            found = sensor.evaluate_tick(context)
        self.cursor = found.cursor
        return found.run_requests or []

    def run(self, *assets, tags=None, job="training_job"):
        """Run a job, or a slice of it."""
        job = self.definitions.resolve_job_def(job)
        return job.execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            tags=tags,
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
        )

    def checks(self, run):
        """What each check of a run said."""
        return {check.check_name: check for check in run.get_asset_check_evaluations()}

    def shown(self, run, asset):
        """The metadata that a run leaves on an asset."""
        for event in run.all_events:
            if event.is_step_materialization and event.asset_key == dg.AssetKey(asset):
                return event.materialization.metadata
        return None


@pytest.fixture
def graph(tmp_path, fresh_store):
    settings = Settings(titanic_home=tmp_path / "home", search_trials=1, landing_settle_seconds=0)
    settings.places.mlflow.mkdir(parents=True)
    shutil.copy(fresh_store, settings.places.mlflow / "mlflow.db")
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield Graph(settings, instance)
