"""The real thing on a tiny graph: processes come up, are asked to end, crash and are killed."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from tests.releasing.conftest import Models
from tests.service.serving import wait_until
from tests.stack.make_run import WORKSPACE, MakeRun, until
from titanic_assets.releasing.by_hand import promote_by_hand
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.dagster_api import Webserver
from titanic_assets.stack.processes import running_under
from titanic_assets.tracking.ledger import PromotionLedger

SECRET = "not a secret, and long enough for one"  # noqa: S105 - for this test alone


@pytest.fixture
def make_run(tmp_path):
    run = MakeRun(tmp_path)
    yield run
    run.kill_all()


@pytest.fixture(scope="module")
def one_home(tmp_path_factory):
    """The home of the tests below that tell one story, from the first start to the last."""
    run = MakeRun(tmp_path_factory.mktemp("story"))
    yield run
    run.kill_all()


def test_a_first_run_that_fails_is_told_and_everything_stays_up(one_home):
    with one_home.started(TINY_FAILS="1") as supervisor:
        said = until(supervisor, "ready; Ctrl-C")

        assert "champion_model failed" in said
        assert "the ship is still afloat" in said
        assert "no model was promoted, so there is nothing to serve" in said
        assert "  API " not in until(supervisor, "  logs ")
        assert f"http://localhost:{one_home.ui_port}/runs/" in said
        assert "dagster" in one_home.get(one_home.ui_port, "/server_info")
        assert one_home.get(one_home.mlflow_port, "/health") == "OK"
        ran = 'titanic_dagster_runs_total{dagster_job="training_job",status="failure"} 1.0'
        wait_until(lambda: ran in one_home.get(one_home.monitor_port, "/metrics"), 10, "not told")
        environments = [each.environ() for each in running_under(one_home.home)]
        assert environments
        for environment in environments:
            assert "of/others" not in str(environment)
            assert "of.others" not in str(environment)
            assert environment["DAGSTER_HOME"] == str(one_home.home / "dagster")

        with one_home.started() as second:
            said, _ = second.communicate()
            assert second.returncode == 1
            assert f"already running on {one_home.home} (process {supervisor.pid})" in said

        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(60) == 0
        assert running_under(one_home.home) == []


def test_the_first_model_is_trained_and_what_was_promoted_is_told(one_home):
    with one_home.started() as supervisor:
        said = until(supervisor, "ready; Ctrl-C")

        assert "raw_passengers: row_count 1,309, share 0.25" in said
        assert "version 1 is champion: log loss 0.43, the first of its kind" in said
        aliases = "/api/2.0/mlflow/registered-models/alias?name=titanic-survival&alias=champion"
        answer = json.loads(one_home.get(one_home.mlflow_port, aliases))
        assert answer["model_version"]["version"] == "1"
        greeting = one_home.get(one_home.ui_port, "/graphql?query=%7BshouldShowNux%7D")
        assert json.loads(greeting) == {"data": {"shouldShowNux": False}}

        assert "promotion_sensor sees the promotion and starts bundle_job" in said
        assert re.search("bento 1-[0-9a-f-]+ built in", said)
        assert "serving bento titanic_survival:1-" in said
        assert "answers with version 1" in said
        assert "live_release: version 1" in said
        assert "survives with probability 0.73, says version 1" in said
        addresses = until(supervisor, "  logs ")
        assert f"http://localhost:{one_home.api_port}/ui" in addresses
        assert f"  monitor   http://localhost:{one_home.monitor_port}" in addresses
        health = json.loads(one_home.get(one_home.monitor_port, "/health"))
        assert health["status"] == "ok"
        assert health["heartbeats"]["sensor"]
        assert one_home.predict()["model_version"] == "1"
        model = json.loads(one_home.get(one_home.api_port, "/api/v1/model"))
        assert model["source"] == str(one_home.home / "releases")
        supervisor.kill()
        supervisor.wait()
        # Nobody could end these: they are for the next start to find.
        assert running_under(one_home.home)


def test_what_cannot_be_bundled_is_told_and_served_once_it_can(one_home):
    """What a killed `make run` left is found first, and the release of the champion is not."""
    left = {each.pid for each in running_under(one_home.home)}
    shutil.rmtree(one_home.home / "releases")
    (release,) = one_home.home.glob("mlflow/artifacts/**/release")
    away = release.rename(release.with_name("away"))
    with one_home.started() as supervisor:
        said = until(supervisor, "ready; Ctrl-C")

        assert "that a killed `make run` had left behind" in said
        assert left.isdisjoint(psutil.pids())
        assert "there is a champion already, so nothing is trained now" in said
        assert "serving_bundle failed" in said
        assert "has no release/ among the artifacts" in said
        assert "the champion is not live. Mend the cause and launch the run again" in said
        assert "  API " not in until(supervisor, "  logs ")
        assert "dagster" in one_home.get(one_home.ui_port, "/server_info")

        away.rename(release)
        Webserver(f"http://127.0.0.1:{one_home.ui_port}").launch("bundle_job", "titanic")

        said = until(supervisor, "  page ")
        assert "serving bento titanic_survival:1-" in said
        assert "survives with probability 0.73, says version 1" in said
        assert one_home.predict()["model_version"] == "1"
        commands = {tuple(each.cmdline()[1:4]): each for each in running_under(one_home.home)}
        assert ("-m", "mlflow", "server") in commands
        commands["-m", "bentoml", "serve"].kill()
        said, _ = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 1
    assert "api ended by signal SIGKILL" in said
    assert "The end of" in said
    assert running_under(one_home.home) == []


@pytest.fixture(scope="module")
def restarted(one_home):
    """Once more on that home, and what was said until all was up."""
    with one_home.started(JWT_SECRET=SECRET) as supervisor:
        yield supervisor, until(supervisor, "ready; Ctrl-C")


def test_a_restart_serves_at_once(one_home, restarted):
    _, said = restarted

    assert said.index("serving bento titanic_survival:1-") < said.index("starting Dagster")
    assert "bundle_job" not in said
    assert "the API answers whoever shows a token" in said
    token = subprocess.run(
        ["make", "token"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "JWT_SECRET": SECRET},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert one_home.predict(Authorization=f"Bearer {token}")["model_version"] == "1"
    assert list(one_home.home.glob("bentoml/bentos/**/__pycache__")) == []


@pytest.mark.usefixtures("restarted")
def test_a_burst_of_moves_ends_with_the_last_one_live(one_home):
    settings = Settings(titanic_home=one_home.home, mlflow_port=one_home.mlflow_port)
    models = Models(settings.places.mlflow)
    second = models.register(-2.0)
    assert second == 2
    for move in range(50):
        number = second if move % 2 else 1
        if move % 5:
            promote_by_hand(settings, number, "", print)
        else:
            models.registry.move_alias("champion", number)

    wait_until(lambda: one_home.answers_with("2"), 240, "the last one is not live")

    webserver = Webserver(f"http://127.0.0.1:{one_home.ui_port}")
    wait_until(lambda: webserver.run_in_progress("bundle_job") is None, 240, "runs go on and on")
    assert one_home.answers_with("2")
    last = PromotionLedger(settings.places.ledger).last("champion")
    assert (last.to_version, last.from_version) == (2, 1)
    assert len(webserver.runs("bundle_job")) < 15


def test_ctrl_c_ends_the_api_and_all_else(one_home, restarted):
    supervisor, _ = restarted
    commands = " ".join(" ".join(each.cmdline()) for each in running_under(one_home.home))
    assert "bentoml serve" in commands
    assert "feature_server" in commands

    supervisor.send_signal(signal.SIGINT)

    assert supervisor.wait(60) == 0
    assert running_under(one_home.home) == []


@pytest.mark.parametrize("ask", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_asks_to_end_is_obeyed_at_any_moment(make_run, ask):
    with make_run.started() as supervisor:
        until(supervisor, "opening the stores")
        supervisor.send_signal(ask)

        assert supervisor.wait(60) == 0
        assert running_under(make_run.home) == []


def test_a_taken_port_is_named_with_its_holder_and_the_setting(make_run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", make_run.mlflow_port))
        other.listen()
        with make_run.started() as supervisor:
            said, _ = supervisor.communicate()

    assert supervisor.returncode == 1
    assert (
        f"port {make_run.mlflow_port}, meant for MLflow, is taken by process {os.getpid()}" in said
    )
    assert f"make run MLFLOW_PORT={make_run.mlflow_port + 1}" in said
    assert not (make_run.home / "dagster").exists()


@pytest.mark.parametrize(
    ("port", "purpose", "setting"),
    [
        ("api_port", "the API", "API_PORT"),
        ("features_port", "the feature server", "FEATURES_PORT"),
        ("monitor_port", "the monitor", "MONITOR_PORT"),
    ],
)
def test_the_ports_of_what_comes_last_are_looked_at_first(make_run, port, purpose, setting):
    taken = getattr(make_run, port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()
        with make_run.started() as supervisor:
            said, _ = supervisor.communicate()

    assert supervisor.returncode == 1
    assert f"port {taken}, meant for {purpose}, is taken" in said
    assert f"make run {setting}={taken + 1}" in said


def test_a_graph_that_does_not_load_is_told_with_its_error(make_run):
    make_run.workspace.write_text(WORKSPACE.replace("tiny_graph", "no_such_graph"))
    with make_run.started() as supervisor:
        said, _ = supervisor.communicate()

    assert supervisor.returncode == 1
    assert "titanic cannot be loaded" in said
    assert "no_such_graph" in said
    assert running_under(make_run.home) == []


def test_a_home_that_cannot_be_made_is_named_with_its_setting(make_run):
    make_run.home.parent.mkdir(parents=True, exist_ok=True)
    make_run.home.write_text("a file")
    with make_run.started() as supervisor:
        said, _ = supervisor.communicate()

    assert supervisor.returncode == 1
    assert "cannot write under" in said
    assert "set TITANIC_HOME" in said
    assert "Traceback" not in said


def test_an_address_of_another_machine_is_not_taken_for_a_taken_port(make_run):
    with make_run.started(BIND_HOST="192.0.2.1") as supervisor:
        said, _ = supervisor.communicate()

    assert supervisor.returncode == 1
    assert "cannot listen on BIND_HOST=192.0.2.1" in said
    assert "taken" not in said


def test_a_wrong_setting_is_told_before_anything_starts(make_run):
    with make_run.started(UI_PORT="many", TITANIC_HOM="/tmp") as supervisor:  # noqa: S108
        said, _ = supervisor.communicate()

    assert supervisor.returncode == 1
    assert "unknown setting TITANIC_HOM" in said
    assert not make_run.home.exists()


def test_the_doctor_says_what_is_set_and_what_is_in_the_way(make_run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", make_run.ui_port))
        other.listen()
        done = subprocess.run(
            [sys.executable, "-m", "titanic_assets.stack", "doctor"],
            cwd=CHECKOUT,
            env={
                **os.environ,
                "TITANIC_HOME": str(make_run.home),
                "UI_PORT": str(make_run.ui_port),
                "TITANIC_TRACKING_URI": "postgresql://me:secret@host/mlflow",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert f"taken by process {os.getpid()}" in done.stdout
    assert f"UI_PORT={make_run.ui_port}" in done.stdout
    assert "secret" not in done.stdout
    assert "TITANIC_TRACKING_URI=postgresql://me:***@host/mlflow" in done.stdout


def test_runs_that_a_killed_stack_left_in_progress_count_as_failed(tmp_path, monkeypatch):
    import dagster as dg
    from dagster._core.instance.config import PoolGranularity

    from titanic_assets.settings import Settings
    from titanic_assets.stack.stores import prepare_dagster

    settings = Settings(titanic_home=tmp_path)
    prepare_dagster(settings)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.places.dagster))
    with dg.DagsterInstance.get() as instance:
        interrupted = instance.create_run_for_job(
            dg.GraphDefinition(name="voyage").to_job(), status=dg.DagsterRunStatus.STARTED
        )

    prepare_dagster(settings)

    with dg.DagsterInstance.get() as instance:
        assert instance.get_run_by_id(interrupted.run_id).status is dg.DagsterRunStatus.FAILURE
        pools = instance.get_concurrency_config().pool_config
        assert pools.default_pool_limit == 1
        assert pools.pool_granularity is PoolGranularity.RUN
        assert not instance.telemetry_enabled
