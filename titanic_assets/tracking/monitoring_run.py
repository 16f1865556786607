"""The MLflow run that a Dagster run keeps its reports in, and for how long reports are kept.

In an experiment of its own, so that nobody looks for models among reports. A training's run may
be open in the same process, so this one is never MLflow's active run.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import PrivateAttr

from titanic_assets.tracking.mlflow_run import MlflowRun, NoOpenRun
from titanic_assets.tracking.orphans import DAGSTER_RUN, PROCESS, this_process
from titanic_assets.tracking.versions import MONITORING_EXPERIMENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from titanic_assets.tracking.registry import Registry

_HOLDS = "holds."


class MonitoringRun(MlflowRun):
    """The MLflow run of the Dagster run in progress, for reports.

    What kind of report a run holds is the first folder of the files logged to it, such as `drift`.
    Of each kind the newest `keep` stay, so that pages do not fill the disk.
    """

    experiment: str = MONITORING_EXPERIMENT
    keep: int = 120

    _run_id: str | None = PrivateAttr(default=None)

    @property
    def run_id(self) -> str:
        """The open run's id."""
        if self._run_id is None:
            raise NoOpenRun("there is no MLflow run here: reports are made within a Dagster run")
        return self._run_id

    def log_files(self, files: Mapping[str, bytes]) -> None:
        """Keep files, by their paths, among the open run's artifacts."""
        super().log_files(files)
        for kind in sorted({name.partition("/")[0] for name in files}):
            self.registry.client.set_tag(self.run_id, f"{_HOLDS}{kind}", "yes")

    @property
    def _is_open(self) -> bool:
        return self._run_id is not None

    def _begin(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002 - the active run's business
        instance: dg.DagsterInstance,  # noqa: ARG002
        dagster_run: dg.DagsterRun,
    ) -> None:
        client, experiment = self.registry.client, self.registry.experiment
        found = client.search_runs([experiment], f"tags.{DAGSTER_RUN} = '{dagster_run.run_id}'")
        if found:
            self._run_id = str(found[0].info.run_id)
            client.update_run(self._run_id, status="RUNNING")
            client.set_tag(self._run_id, PROCESS, this_process())
            return
        made = client.create_run(
            experiment,
            tags={DAGSTER_RUN: dagster_run.run_id, PROCESS: this_process()},
            run_name=dagster_run.job_name,
        )
        self._run_id = str(made.info.run_id)

    def _end(self, outcome: Literal["FAILED", "FINISHED"]) -> None:
        self.registry.client.set_terminated(self.run_id, outcome)
        self._run_id = None
        try:
            forget_old_reports(self.registry, self.keep)
        except Exception as error:  # noqa: BLE001 - what was reported stands; the next run tries again
            dg.get_dagster_logger().warning("old reports could not be removed: %s", error)


def forget_old_reports(registry: Registry, keep: int) -> tuple[str, ...]:
    """Delete the runs, with their files, that are not among the newest of any kind; their ids."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client = registry.client
    runs, page = [], None
    while page != "":
        found = client.search_runs(
            [registry.experiment], order_by=["attributes.start_time DESC"], page_token=page
        )
        runs += [run for run in found if run.info.status != "RUNNING"]
        page = found.token or ""
    held = [[tag for tag in run.data.tags if tag.startswith(_HOLDS)] for run in runs]
    for place in (old := outdated(held, keep)):
        run = runs[place]
        get_artifact_repository(
            run.info.artifact_uri, tracking_uri=registry.tracking_uri
        ).delete_artifacts()
        client.delete_run(run.info.run_id)
    return tuple(str(runs[place].info.run_id) for place in old)


def outdated(held: Sequence[Sequence[str]], keep: int) -> list[int]:
    """The places of the runs to be forgotten, given what each holds, the newest first.

    >>> outdated([["drift"], ["drift", "performance"], ["drift"], []], keep=2)
    [2, 3]
    """
    seen: Counter[str] = Counter()
    old = []
    for place, kinds in enumerate(held):
        seen.update(kinds)
        # Whatever holds nothing is there for whoever looks why, as long as it is new.
        if all(seen[kind] > keep for kind in kinds) and (kinds or place >= keep):
            old.append(place)
    return old
