"""One MLflow run per Dagster run, open while steps use it and never longer.

dagster-mlflow finds or makes the run. What it leaves undone is done here: runs end in the state
their Dagster run ended in, whatever an earlier run left open is ended, and files go where the
experiment says.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg
from pydantic import PrivateAttr

from titanic_assets.tracking.links import Links
from titanic_assets.tracking.locking import held
from titanic_assets.tracking.orphans import (
    DAGSTER_RUN,
    PROCESS,
    close_orphans,
    outcome_of,
    this_process,
)
from titanic_assets.tracking.registry import Registry
from titanic_assets.tracking.versions import EXPERIMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dagster_mlflow.resources import MlFlow


class NoOpenRun(RuntimeError):
    """The resource was used outside of a Dagster run."""


class MlflowRun(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The MLflow run of the Dagster run in progress, found again by every step of it."""

    tracking_uri: str
    ui: str
    # A folder of this machine; and where a new experiment keeps its files, if not there.
    folder: str
    artifacts: str | None = None
    experiment: str = EXPERIMENT

    _mlflow: Any = PrivateAttr(default=None)

    @property
    def mlflow(self) -> Any:
        """dagster-mlflow's object: all of MLflow's functions, bound to the open run."""
        if self._mlflow is None:
            raise NoOpenRun(
                "there is no MLflow run here: use MlflowRun as a resource of an asset or op, "
                "within a Dagster run that is not over"
            )
        return self._mlflow

    @property
    def run_id(self) -> str:
        """The open run's id."""
        return str(self.mlflow.active_run().info.run_id)

    @property
    def registry(self) -> Registry:
        """The store that the run is in."""
        return Registry(self.tracking_uri, self.experiment)

    @property
    def links(self) -> Links:
        """Addresses in the UI."""
        return Links(self.ui)

    @property
    def url(self) -> str:
        """The open run's page in the UI."""
        return self.links.run(self.registry.experiment, self.run_id)

    def artifact_url(self, path: str) -> str:
        """The page of one of the open run's artifacts."""
        return self.links.artifact(self.registry.experiment, self.run_id, path)

    def log_files(self, files: Mapping[str, bytes]) -> None:
        """Keep files, by their paths, among the open run's artifacts."""
        from titanic_assets.tracking.winner import log_files

        log_files(self.registry.client, self.run_id, files)

    def show(self, pictures: Mapping[str, bytes]) -> dg.MarkdownMetadataValue:
        """Keep PNGs among the open run's artifacts, to be seen in Dagster without a click.

        Dagster hides longer texts behind one, and a picture that is carried along is long.
        """
        paths = {name: f"pictures/{name.replace(' ', '_')}.png" for name in pictures}
        self.log_files({paths[name]: png for name, png in pictures.items()})
        shown = [f"![{name}]({self.links.file(self.run_id, path)})" for name, path in paths.items()]
        return dg.MetadataValue.md(" ".join(shown))

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Open the run, once all that earlier runs left open is ended."""
        instance, dagster_run = context.instance, context.run
        if instance is None or dagster_run is None:
            return
        # Dagster rebuilds resources after a run, e.g. for its hooks; the run must stay ended.
        stored = instance.get_run_by_id(dagster_run.run_id)
        if stored is None or stored.is_finished:
            return
        # Two first steps side by side would each make a run, and race on a fresh store.
        with held(Path(self.folder) / "run.lock"):
            self.registry.initialise(self.artifacts or str(Path(self.folder) / "artifacts"))
            for run_id in close_orphans(self.registry, instance):
                dg.get_dagster_logger().warning("ended MLflow run %s, left open by a crash", run_id)
            self._begin(context, instance, dagster_run)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """End the run as the Dagster run stands: failed if any step of it has."""
        if not self._is_open or context.instance is None or context.run is None:
            return
        failures = context.instance.get_records_for_run(
            context.run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1
        )
        self._end("FAILED" if failures.records else "FINISHED")

    @property
    def _is_open(self) -> bool:
        return self._mlflow is not None

    def _begin(
        self,
        context: dg.InitResourceContext,
        instance: dg.DagsterInstance,
        dagster_run: dg.DagsterRun,
    ) -> None:
        """Find the MLflow run of this Dagster run, or start it."""
        _end_active(instance)
        self._mlflow = _open(_Surroundings(context.log, dagster_run, self._config()))

    def _end(self, outcome: Literal["FAILED", "FINISHED"]) -> None:
        self._mlflow.end_run(outcome)
        self._mlflow = None

    def _config(self) -> dict[str, Any]:
        return {
            "experiment_name": self.experiment,
            "mlflow_tracking_uri": self.tracking_uri,
            "extra_tags": {PROCESS: this_process()},
        }


@dataclass(frozen=True)
class _Surroundings:
    """What dagster-mlflow reads of a resource context."""

    log: Any
    dagster_run: dg.DagsterRun
    resource_config: dict[str, Any]

    @property
    def run_id(self) -> str:
        return self.dagster_run.run_id


def _open(surroundings: _Surroundings) -> MlFlow:
    """Find the MLflow run of this Dagster run, or start it."""
    with warnings.catch_warnings():
        # The whole of dagster-mlflow is beta, and says so in every process that runs a step.
        warnings.simplefilter("ignore", dg.BetaWarning)
        from dagster_mlflow.resources import MlFlow

        return MlFlow(surroundings)


def _end_active(instance: dg.DagsterInstance) -> None:
    """End what an earlier run of this process left active, so that nobody else logs into it."""
    import mlflow

    while active := mlflow.active_run():
        run = mlflow.get_run(active.info.run_id)
        outcome = outcome_of(run, instance) if DAGSTER_RUN in run.data.tags else "FINISHED"
        mlflow.end_run(outcome or "KILLED")
