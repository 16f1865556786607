"""A graph of two tracked assets, in a module that step processes can import."""

import os
import signal
from pathlib import Path

import dagster as dg

from titanic_assets.tracking.mlflow_run import MlflowRun

FOLDER = Path(os.environ["TRACKED_FOLDER"])
URI = f"sqlite:///{FOLDER / 'mlflow.db'}"


@dg.asset
def first(mlflow_run: MlflowRun) -> str:
    """Logs, and hands its MLflow run on."""
    mlflow_run.mlflow.log_metric("first", 1.0)
    return mlflow_run.run_id


@dg.asset(deps=[first])
def second(mlflow_run: MlflowRun) -> str:
    """Logs to the same run, and meets the end that the environment asks for."""
    mlflow_run.mlflow.log_metric("second", 2.0)
    if os.environ.get("TRACKED_END") == "raise":
        raise ValueError("the second asset fails")
    if os.environ.get("TRACKED_END") == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return mlflow_run.run_id


defs = dg.Definitions(
    [first, second],
    resources={
        "mlflow_run": MlflowRun(tracking_uri=URI, ui="http://localhost:5000", folder=str(FOLDER))
    },
    executor=dg.in_process_executor,
    jobs=[
        dg.define_asset_job(
            "step_by_process", [first, second], executor_def=dg.multiprocess_executor
        ),
        dg.define_asset_job("in_one_process", [first, second]),
    ],
)


def step_by_process() -> dg.JobDefinition:
    """Every step in a process of its own."""
    return defs.resolve_job_def("step_by_process")


def in_one_process() -> dg.JobDefinition:
    """All steps in the process of the run."""
    return defs.resolve_job_def("in_one_process")


if __name__ == "__main__":
    with dg.DagsterInstance.local_temp(str(FOLDER / "dagster")) as instance:
        in_one_process().execute_in_process(instance=instance)
