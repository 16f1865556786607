"""The code location as the code server loads it."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from titanic_assets.assets.training import GATES
from titanic_assets.definitions import define
from titanic_assets.settings import CHECKOUT, Settings

HEAVY = (
    "evidently", "feast", "great_expectations", "matplotlib", "mlflow", "onnxruntime", "pandas",
    "pyarrow", "sklearn",
)  # fmt: skip

LOADING = """
import json, sys, time
import titanic_assets.definitions
import psutil
print(json.dumps({
    "cpu": time.process_time(),
    # Not the peak, which a child inherits from the process it was forked from.
    "megabytes": psutil.Process().memory_info().rss / 1e6,
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
}))
"""


@pytest.fixture(scope="module")
def loaded():
    """What it takes a fresh process to load the definitions; the best of three tries."""
    tries = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", LOADING], cwd=CHECKOUT, capture_output=True, check=True
        )
        tries.append(json.loads(done.stdout))
    return min(tries, key=lambda found: found["cpu"])


def test_heavy_libraries_wait_until_they_are_used(loaded):
    assert set(HEAVY) & set(loaded["modules"]) == set()


def test_the_definitions_load_quickly_and_small(loaded):
    assert loaded["cpu"] < 1.5
    assert loaded["megabytes"] < 150


def test_the_code_server_accepts_the_workspace(tmp_path):
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dagster"),
            "definitions",
            "validate",
            "-w",
            "workspace.yaml",
        ],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "DAGSTER_HOME": str(tmp_path), "TITANIC_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Validation successful for code location titanic" in done.stdout + done.stderr


@pytest.fixture
def definitions(tmp_path):
    return define(Settings(titanic_home=tmp_path))


def test_the_graph_is_the_one_in_the_documentation(definitions):
    graph = definitions.resolve_asset_graph()
    downstream = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert downstream == {
        "prediction_events": set(),
        "labelled_passengers": {"prediction_events"},
        "drift_report": {"prediction_events"},
        "performance_report": {"prediction_events"},
        "experiment_report": {"prediction_events"},
        "raw_passengers": {"labelled_passengers"},
        "validated_passengers": {"raw_passengers"},
        "quarantined_passengers": {"raw_passengers"},
        "passenger_features": {"validated_passengers"},
        "online_features": {"passenger_features"},
        "trained_model": {"passenger_features"},
        "candidate_evaluation": {"trained_model", "passenger_features", "validated_passengers"},
        "model_card": {"candidate_evaluation"},
        "champion_model": {"candidate_evaluation"},
        "serving_bundle": {"champion_model"},
        "live_release": {"serving_bundle"},
        "serving_image": {"live_release", "serving_bundle"},
        "alert_ledger": set(),
    }


def test_every_asset_says_what_it_is_and_whose(definitions):
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.group_name in {"ingestion", "training", "serving", "monitoring"}, key


def test_every_check_says_what_it_stands_for(definitions):
    graph = definitions.resolve_asset_graph()
    silent = {
        key.name
        for key in graph.asset_check_keys
        if not graph.get_check_spec(key).description and key.name not in GATES
    }
    assert silent == set()


def made_by(definitions, job):
    assets = definitions.resolve_job_def(job).asset_layer.executable_asset_keys
    return {key.to_user_string() for key in assets}


def test_every_asset_is_made_by_one_job(definitions):
    graph = definitions.resolve_asset_graph()
    everything = {key.to_user_string() for key in graph.get_all_asset_keys()}
    jobs = {
        "bundle_job": {"serving_bundle", "live_release"},
        "image_job": {"serving_image"},
        "monitoring_job": {
            "prediction_events",
            "labelled_passengers",
            "drift_report",
            "performance_report",
            "experiment_report",
        },
    }
    for job, assets in jobs.items():
        assert made_by(definitions, job) == assets
    # The ledger of alerts shows itself whenever there is something new in it.
    others = set().union(*jobs.values(), {"alert_ledger"})
    assert made_by(definitions, "training_job") == everything - others


def test_an_image_follows_every_release_where_that_is_set(definitions):
    assert "image_sensor" not in {sensor.name for sensor in definitions.sensors}
    definitions = define(Settings(image_build="every_release"))
    image_sensor = definitions.resolve_sensor_def("image_sensor")
    assert image_sensor.default_status is dg.DefaultSensorStatus.RUNNING
    bundle_job = definitions.resolve_job_def("bundle_job")
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(bundle_job)
        context = dg.build_run_status_sensor_context(
            "image_sensor",
            dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, "bundle_job"),
            instance,
            run,
        )
        asked = image_sensor(context)
    assert asked.run_key == f"image-{run.run_id}"
    assert image_sensor.job_name == "image_job"


def test_no_two_runs_can_make_an_asset_at_once_however_they_were_started(definitions):
    graph = definitions.resolve_asset_graph()
    pools = {
        (graph.get(key).group_name, *(graph.get(key).pools or {None}))
        for key in graph.get_all_asset_keys()
    }
    assert pools == {
        ("ingestion", "titanic_graph"),
        ("training", "titanic_graph"),
        ("serving", "release"),
        ("serving", "image"),
        ("monitoring", "monitoring"),
    }


def test_a_killed_bundle_run_is_tried_again_and_one_that_gave_up_is_not(definitions):
    tags = definitions.resolve_job_def("bundle_job").run_tags
    assert tags["dagster/max_retries"] == "2"
    assert tags["dagster/retry_on_asset_or_op_failure"] == "false"


@pytest.mark.parametrize("job", ["training_job", "__ASSET_JOB"])
def test_steps_share_a_process_however_a_run_is_started(definitions, job):
    repository = definitions.get_repository_def()
    assert repository.get_job(job).executor_def is dg.in_process_executor


def test_what_the_service_logged_is_collected_and_judged_every_six_hours(definitions):
    schedule = definitions.resolve_schedule_def("six_hourly_monitoring_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 */6 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "monitoring_job"


def test_training_is_scheduled_for_monday_morning_and_on(definitions):
    schedule = definitions.resolve_schedule_def("weekly_training_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * 1", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "training_job"


def test_the_landing_sensor_is_on(definitions):
    sensor = definitions.resolve_sensor_def("landing_sensor")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.job_name == "training_job"
