import os
import socket

import pytest

from titanic_assets.settings import Settings
from titanic_assets.stack import api
from titanic_assets.stack.only_one import AlreadyRunning, the_only_one
from titanic_assets.stack.ports import Port, PortTaken, is_free, require_free
from titanic_assets.stack.supervisor import Stack
from titanic_assets.stack.surroundings import child_environment, read_dotenv


@pytest.fixture
def settings(tmp_path):
    return Settings(titanic_home=tmp_path)


def test_what_other_projects_set_stays_outside(settings):
    inherited = {
        "AWS_ACCESS_KEY_ID": "key",
        "DAGSTER_PG_HOST": "of.others",
        "HTTPS_PROXY": "of.others",
        "MLFLOW_TRACKING_URI": "of.others",
        "OTEL_SERVICE_NAME": "of.others",
        "PATH": "/usr/bin",
        "PYTHONHOME": "of.others",
        "all_proxy": "of.others",
    }

    seen = child_environment(inherited, {}, settings)

    assert "of.others" not in seen.values()
    assert seen["AWS_ACCESS_KEY_ID"] == "key"
    assert seen["PATH"].endswith(os.pathsep + "/usr/bin")
    assert seen["MLFLOW_TRACKING_URI"] == f"sqlite:///{settings.places.mlflow}/mlflow.db"


def test_settings_of_the_service_reach_it(settings):
    given = {
        "CHALLENGER_MODE": "shadow",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=ours",
    }
    seen = api.environment(child_environment(given, {"WORKERS": "2"}, settings), settings, "")

    assert seen.items() >= {**given, "WORKERS": "2"}.items()


def test_the_service_lives_in_the_places_of_this_home_unless_others_are_given(settings):
    ours = api.environment({"RELEASES_URI": ""}, settings, "http://features")
    given = api.environment({"RELEASES_URI": "s3://bucket/releases"}, settings, "http://features")

    assert ours["RELEASES_URI"] == str(settings.places.releases)
    assert ours["PREDICTION_LOG_URI"] == str(settings.places.prediction_log)
    assert ours["FEATURES_URL"] == "http://features"
    assert given["RELEASES_URI"] == "s3://bucket/releases"


def test_the_service_is_told_an_address_where_a_name_was_given(tmp_path):
    command = api.command("bento:1", Settings(titanic_home=tmp_path, bind_host="localhost"))

    assert command[command.index("--host") + 1] in {"127.0.0.1", "::1"}


def test_an_api_that_does_not_answer_is_told_and_not_raised():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

    assert api.ask(f"http://127.0.0.1:{port}").startswith("the API does not predict")


def test_loopback_is_never_asked_of_a_proxy(settings):
    seen = child_environment({}, {"HTTPS_PROXY": "http://ours", "NO_PROXY": "ours"}, settings)

    assert seen["HTTPS_PROXY"] == "http://ours"
    assert "127.0.0.1" in seen["NO_PROXY"]


def test_the_environment_comes_before_the_settings_file(settings):
    seen = child_environment({"UI_PORT": "3001"}, {"UI_PORT": "3002", "API_PORT": "8002"}, settings)

    assert (seen["UI_PORT"], seen["API_PORT"]) == ("3001", "8002")


def test_a_settings_file_is_read_and_an_absent_one_is_none(tmp_path):
    (tmp_path / ".env").write_text("# a comment\nUI_PORT=3001\nMLFLOW_PORT=\n")

    assert read_dotenv(tmp_path / ".env") == {"UI_PORT": "3001"}
    assert read_dotenv(tmp_path / "nowhere") == {}


def test_a_port_is_free_until_something_listens_on_it():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        assert not is_free(port, "127.0.0.1")
    assert is_free(port, "127.0.0.1")


def test_a_port_meant_for_two_things_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

    with pytest.raises(PortTaken, match="two things; change MLFLOW_PORT"):
        require_free(
            [Port(port, "Dagster", "UI_PORT"), Port(port, "MLflow", "MLFLOW_PORT")], "127.0.0.1"
        )


def test_a_home_is_free_again_when_its_stack_has_ended(tmp_path):
    with (
        the_only_one(tmp_path, "http://here"),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()}.*http://here"),
        the_only_one(tmp_path, "http://there"),
    ):
        pass
    with the_only_one(tmp_path, "http://there"):
        pass


def test_the_servers_are_asked_where_they_listen(tmp_path):
    def asked(host):
        settings = Settings(titanic_home=tmp_path, bind_host=host, ui_port=3001)
        return Stack(settings, {}, tmp_path / "workspace.yaml").webserver.url

    assert asked("0.0.0.0") == "http://127.0.0.1:3001"  # noqa: S104
    assert asked("192.168.1.7") == "http://192.168.1.7:3001"
    assert asked("::") == "http://[::1]:3001"
