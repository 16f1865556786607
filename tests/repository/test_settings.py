"""Settings from the environment: what is wrong is named with what is valid, and no secret leaks."""

import dagster as dg
import pytest

from titanic_assets.definitions import define
from titanic_assets.settings import Settings, WrongSetting, load_settings


def test_a_misspelt_setting_is_named_with_the_valid_ones(monkeypatch):
    monkeypatch.setenv("TITANIC_SOURCES", "list.csv")
    with pytest.raises(WrongSetting, match=r"unknown setting TITANIC_SOURCES; .*TITANIC_SOURCE"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("UI_PORT", "abc", "UI_PORT='abc': Input should be a valid integer"),
        ("BAD_SHARE_LIMIT", "nan", "BAD_SHARE_LIMIT='nan'"),
        ("MINIMUM_GAIN", "-1", "MINIMUM_GAIN='-1': Input should be greater than or equal to 0"),
        # numpy and scikit-learn take seeds of 32 bits, and folds have seeds of their own above it.
        ("SEARCH_SEED", "4294967295", "SEARCH_SEED='4294967295'"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_the_setting(monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting, match=f"cannot read the settings: {words}"):
        load_settings()


def test_an_empty_setting_is_the_default(monkeypatch):
    monkeypatch.setenv("UI_PORT", "")
    assert load_settings().ui_port == 3000


def test_links_to_mlflow_carry_no_password():
    settings = Settings(titanic_tracking_uri="https://ann:secret@mlflow.example")
    assert settings.mlflow_ui == "https://mlflow.example"


def test_what_dagster_stores_and_shows_of_the_graph_has_no_password(monkeypatch):
    address = "postgresql://ann:secret@db/mlflow"
    monkeypatch.setenv("TITANIC_TRACKING_URI", address)
    definitions = define(load_settings())
    stored = dg.serialize_value(definitions.resolve_job_def("training_job").get_job_snapshot())
    assert "TITANIC_TRACKING_URI" in stored
    assert "secret" not in stored
    # A run gets it nevertheless.
    with dg.build_resources({"mlflow_run": definitions.resources["mlflow_run"]}) as resources:
        assert resources.mlflow_run.tracking_uri == address
