"""The MLflow run of a Dagster run: where it is, and how it ends."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import mlflow
import pytest
from mlflow.entities import Run

from titanic_assets.tracking.mlflow_run import MlflowRun, NoOpenRun
from titanic_assets.tracking.orphans import close_orphans, this_process
from titanic_assets.tracking.registry import Registry

CHECKOUT = Path(__file__).parent.parent.parent


@pytest.fixture
def graph(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The tracked graph, loaded for this test's store; its processes load it the same way."""
    monkeypatch.setenv("TRACKED_FOLDER", str(store))
    monkeypatch.setenv("TRACKED_END", "well")
    # Step processes import the graph by its name from the folder they start in.
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.delitem(sys.modules, "tests.tracking.tracked_graph", raising=False)
    tracked_graph = importlib.import_module("tests.tracking.tracked_graph")

    yield tracked_graph
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def instance(store: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that step processes see too."""
    (store / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(store / "dagster")) as instance:
        yield instance


def runs_of(graph: ModuleType, dagster_run_id: str) -> list[Run]:
    registry = Registry(graph.URI)
    return list(
        registry.client.search_runs(
            [registry.experiment], f"tags.dagster_run_id = '{dagster_run_id}'"
        )
    )


@pytest.mark.parametrize(("end", "status"), [("well", "FINISHED"), ("raise", "FAILED")])
def test_steps_of_one_process_share_a_run_that_ends_as_they_do(
    graph: ModuleType,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
    status: str,
) -> None:
    monkeypatch.setenv("TRACKED_END", end)
    result = graph.in_one_process().execute_in_process(instance=instance, raise_on_error=False)
    (run,) = runs_of(graph, result.run_id)
    assert run.info.status == status
    assert run.data.metrics == {"first": 1.0, "second": 2.0}
    assert result.output_for_node("first") == run.info.run_id
    assert mlflow.active_run() is None


@pytest.mark.parametrize(("end", "status"), [("well", "FINISHED"), ("raise", "FAILED")])
def test_steps_of_many_processes_share_a_run_that_ends_as_they_do(
    graph: ModuleType,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
    status: str,
) -> None:
    monkeypatch.setenv("TRACKED_END", end)
    job = dg.reconstructable(graph.step_by_process)
    with dg.execute_job(job, instance=instance) as result:
        (run,) = runs_of(graph, result.run_id)
    assert run.info.status == status
    assert run.data.metrics == {"first": 1.0, "second": 2.0}


def test_the_next_run_of_a_process_gets_an_mlflow_run_of_its_own(
    graph: ModuleType, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = graph.in_one_process()
    monkeypatch.setenv("TRACKED_END", "raise")
    one = job.execute_in_process(instance=instance, raise_on_error=False)
    monkeypatch.setenv("TRACKED_END", "well")
    two = job.execute_in_process(instance=instance)
    (first,), (second,) = runs_of(graph, one.run_id), runs_of(graph, two.run_id)
    assert first.info.run_id != second.info.run_id
    assert (first.info.status, second.info.status) == ("FAILED", "FINISHED")


def test_what_an_earlier_run_left_active_is_ended_first(
    graph: ModuleType, registry: Registry, instance: dg.DagsterInstance
) -> None:
    mlflow.set_tracking_uri(graph.URI)
    strays = [
        mlflow.start_run(experiment_id=registry.experiment),
        mlflow.start_run(
            experiment_id=registry.experiment, tags={"dagster_run_id": "gone"}, nested=True
        ),
    ]
    result = graph.in_one_process().execute_in_process(instance=instance)
    states = [registry.client.get_run(run.info.run_id).info.status for run in strays]
    assert states == ["FINISHED", "KILLED"]
    assert len(runs_of(graph, result.run_id)) == 1
    assert all(not registry.client.get_run(run.info.run_id).data.metrics for run in strays)


def test_a_finished_dagster_run_does_not_reopen_its_mlflow_run(
    graph: ModuleType, instance: dg.DagsterInstance
) -> None:
    result = graph.in_one_process().execute_in_process(instance=instance)
    (before,) = runs_of(graph, result.run_id)
    resource = graph.defs.resources["mlflow_run"]
    context = dg.InitResourceContext(
        resource_config={},
        resources=dg.build_init_resource_context().resources,
        resource_def=None,
        all_resource_defs={},
        instance=instance,
        dagster_run=instance.get_run_by_id(result.run_id),
    )
    with resource.yield_for_execution(context), pytest.raises(NoOpenRun):
        _ = resource.run_id
    (after,) = runs_of(graph, result.run_id)
    assert after.info.status == "FINISHED"
    assert after.info.end_time == before.info.end_time


def test_a_killed_process_leaves_a_run_that_the_next_run_ends(
    graph: ModuleType, instance: dg.DagsterInstance
) -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.tracking.tracked_graph"],
        env={**os.environ, "TRACKED_END": "kill"},
        cwd=CHECKOUT,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9
    (victim,) = instance.get_runs()
    (open_run,) = runs_of(graph, victim.run_id)
    # Nobody has told Dagster yet: its own run is as open as MLflow's.
    assert (victim.is_finished, open_run.info.status) == (False, "RUNNING")
    graph.in_one_process().execute_in_process(instance=instance)
    (closed,) = runs_of(graph, victim.run_id)
    assert closed.info.status == "KILLED"


def test_a_run_writes_where_its_experiment_says_and_links_there(
    graph: ModuleType, store: Path, instance: dg.DagsterInstance
) -> None:
    @dg.asset
    def page(mlflow_run: MlflowRun) -> dict[str, str]:
        mlflow_run.mlflow.log_text("<p>", "reports/page.html")
        return {
            "id": mlflow_run.run_id,
            "url": mlflow_run.url,
            "page": mlflow_run.artifact_url("reports/page.html"),
        }

    result = dg.materialize([page], resources=graph.defs.resources, instance=instance)
    seen = result.output_for_node("page")
    (file,) = (store / "artifacts").rglob("page.html")
    assert seen["id"] in str(file)
    experiment = Registry(graph.URI).experiment
    run = f"http://localhost:5000/#/experiments/{experiment}/runs/{seen['id']}"
    assert seen["url"].startswith(f"{run}?")
    assert seen["page"].startswith(f"{run}/artifacts/reports/page.html?")


def test_outside_of_a_run_there_is_nothing_to_log_to(tmp_path: Path) -> None:
    resource = MlflowRun(tracking_uri="sqlite://", ui="", folder=str(tmp_path))
    with (
        resource.yield_for_execution(dg.build_init_resource_context()) as idle,
        pytest.raises(NoOpenRun, match="within a Dagster run"),
    ):
        _ = idle.mlflow


def an_open_run(registry: Registry, **tags: str) -> str:
    return str(registry.client.create_run(registry.experiment, tags=tags).info.run_id)


def test_an_orphan_ends_as_its_dagster_run_did(registry: Registry) -> None:
    @dg.op
    def nothing() -> None:
        """Does nothing."""

    @dg.job
    def empty() -> None:
        nothing()

    with dg.DagsterInstance.ephemeral() as instance:

        def owned_by(status: dg.DagsterRunStatus, **tags: str) -> str:
            run = instance.create_run_for_job(empty, status=status)
            return an_open_run(registry, dagster_run_id=run.run_id, **tags)

        at_work = owned_by(dg.DagsterRunStatus.STARTED, process=this_process())
        init = owned_by(dg.DagsterRunStatus.STARTED, process=f"{this_process().split(':')[0]}:1")
        elsewhere = owned_by(dg.DagsterRunStatus.STARTED, process="another-host:1")
        parent = owned_by(dg.DagsterRunStatus.FAILURE)
        by_hand = an_open_run(registry)
        expected = {
            parent: "FAILED",
            an_open_run(registry, **{"mlflow.parentRunId": parent}): "FAILED",
            owned_by(dg.DagsterRunStatus.SUCCESS): "FINISHED",
            owned_by(dg.DagsterRunStatus.CANCELED): "KILLED",
            an_open_run(registry, dagster_run_id="deleted"): "KILLED",
        }
        closed = close_orphans(registry, instance)
    assert set(closed) == set(expected)
    state = {run_id: registry.client.get_run(run_id).info.status for run_id in expected}
    assert state == expected
    for run_id in (at_work, init, elsewhere, by_hand):
        assert registry.client.get_run(run_id).info.status == "RUNNING"


def test_loading_the_resource_loads_no_mlflow() -> None:
    code = (
        "import sys, titanic_assets.tracking.mlflow_run, titanic_assets.tracking.promotion, "
        "titanic_assets.tracking.winner, titanic_assets.pictures, "
        "titanic_assets.training.model_card; "
        "heavy = {'mlflow', 'sklearn', 'pandas', 'matplotlib', 'skops'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
