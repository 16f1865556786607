"""Makes the stores of Dagster and MLflow ready, each in a process of its own.

Two processes that open a fresh SQLite store at once race on its migrations, so this comes before
anything else opens them: `python -m titanic_assets.stack.stores dagster` (or `mlflow`).
"""

import sys
from pathlib import Path

from titanic_assets.settings import Settings, load_settings

NO_CHAMPION = 3
CUT_OFF = "The stack was stopped while this run was in progress."

DAGSTER_YAML = """\
# Written by `make run` at every start; changes made here do not last.
telemetry:
  enabled: false
# `make run` has read .env already; Dagster's own reading of it would overrule the command line.
secrets:
  custom:
    module: dagster._core.secrets.env_file
    class: PerProjectEnvFileLoader
    config:
      location_paths: {}
run_monitoring:
  enabled: true
run_retries:
  enabled: true
# The daemon judges how old assets are; alerts tell of those that are too old.
freshness:
  enabled: true
# One that takes its time, such as a look at a release's health, does not hold up the others.
sensors:
  use_threads: true
  num_workers: 4
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config:
    dequeue_interval_seconds: 1
concurrency:
  runs:
    max_concurrent_runs: 4
  # All assets are in one pool: runs that replace their values go one after another.
  pools:
    granularity: run
    default_limit: 1
"""


def prepare_dagster(settings: Settings) -> None:
    """Make Dagster's stores and fail the runs that a killed stack left in progress.

    Nobody works on those any more, and as long as they count as running they hold up all others.
    """
    home = settings.places.dagster
    home.mkdir(parents=True, exist_ok=True)
    _write(home / "dagster.yaml", DAGSTER_YAML)

    from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

    with DagsterInstance.from_config(str(home)) as instance:
        instance.all_instigator_state()
        orphans = RunsFilter(
            statuses=[
                DagsterRunStatus.STARTING,
                DagsterRunStatus.STARTED,
                DagsterRunStatus.CANCELING,
            ]
        )
        for run in instance.get_runs(orphans):
            instance.report_run_failed(run, CUT_OFF)


def prepare_mlflow(settings: Settings) -> bool:
    """Make MLflow's store; returns whether there is a champion in it."""
    from titanic_assets.tracking.registry import Registry
    from titanic_assets.tracking.versions import MODEL_NAME

    registry = Registry(settings.tracking_uri)
    registry.initialise(str(settings.places.mlflow / "artifacts"))
    # Only whether there is one: a version of no use is for the service to complain about.
    return "champion" in registry.client.get_registered_model(MODEL_NAME).aliases


def main(store: str) -> int:
    """Prepare the store of that name; the exit code tells the caller of MLflow's champion."""
    settings = load_settings()
    if store == "dagster":
        prepare_dagster(settings)
        return 0
    return 0 if prepare_mlflow(settings) else NO_CHAMPION


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
