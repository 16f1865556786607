"""MLflow runs that a crash left open: found and ended when the next run starts."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from mlflow.entities import Run

    from titanic_assets.tracking.registry import Registry

DAGSTER_RUN = "dagster_run_id"
PROCESS = "process"


def this_process() -> str:
    """Who is writing to a run, so that others can tell later whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}"


def close_orphans(registry: Registry, instance: DagsterInstance) -> tuple[str, ...]:
    """End every open run of an experiment whose Dagster run is over, unknown, or dead.

    Returns their ids. Dead is a run whose process on this machine is gone: Dagster itself may take
    minutes to notice a killed one. Open children (trials) go the way of their parent. Runs that
    were not made by Dagster are left alone.
    """
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

    client = registry.client
    closed = []
    for run in client.search_runs([registry.experiment], "attributes.status = 'RUNNING'"):
        parent = run.data.tags.get(MLFLOW_PARENT_RUN_ID)
        outcome = outcome_of(client.get_run(parent) if parent else run, instance)
        if outcome is not None:
            client.set_terminated(run.info.run_id, outcome)
            closed.append(str(run.info.run_id))
    return tuple(closed)


def outcome_of(run: Run, instance: DagsterInstance) -> str | None:
    """How an open MLflow run should be ended, or None while somebody is at work on it."""
    from dagster import DagsterRunStatus

    owner = run.data.tags.get(DAGSTER_RUN)
    if owner is None:
        return None
    dagster_run = instance.get_run_by_id(owner)
    if dagster_run is None:
        return "KILLED"
    if dagster_run.is_finished:
        return {
            DagsterRunStatus.SUCCESS: "FINISHED",
            DagsterRunStatus.FAILURE: "FAILED",
        }.get(dagster_run.status, "KILLED")
    return "KILLED" if _is_gone(run.data.tags.get(PROCESS, "")) else None


def _is_gone(process: str) -> bool:
    """True when it is certain that a process does not run any more."""
    import psutil

    host, _, number = process.rpartition(":")
    return host == socket.gethostname() and not psutil.pid_exists(int(number))
