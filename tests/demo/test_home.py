"""The demo has a home of its own, which is nobody else's."""

import os

import pytest

from titanic_assets.demo.home import SomebodyElses, demo_home, make_anew
from titanic_assets.demo.own_stack import environment
from titanic_assets.settings import Settings, load_settings
from titanic_assets.stack.only_one import AlreadyRunning, the_only_one


@pytest.fixture
def home(tmp_path):
    return demo_home(Settings(titanic_home=tmp_path / "mine"))


def test_it_is_beside_the_one_that_is_set_and_made_anew_each_time(home, tmp_path):
    assert home == tmp_path / "mine-demo"
    make_anew(home, "http://here")
    (home / "mlflow").mkdir()
    (home / "mlflow" / "mlflow.db").touch()
    (home / "a-file").touch()
    make_anew(home, "http://here")
    assert {path.name for path in home.iterdir()} == {"made-by-the-demo", "running.json"}


def test_what_no_demo_has_made_is_left_alone(home):
    home.mkdir()
    (home / "letters.txt").touch()
    with pytest.raises(SomebodyElses, match="move it away"):
        make_anew(home, "http://here")
    assert [path.name for path in home.iterdir()] == ["letters.txt"]


def test_a_demo_that_goes_on_is_not_swept_away(home):
    make_anew(home, "http://here")
    (home / "mlflow").mkdir()
    with the_only_one(home, "http://there"), pytest.raises(AlreadyRunning, match="http://there"):
        make_anew(home, "http://here")
    assert (home / "mlflow").exists()


def test_what_is_set_for_the_real_stack_does_not_reach_the_demo(home, monkeypatch):
    for name, value in {
        "TITANIC_HOME": "/real",
        "TITANIC_TRACKING_URI": "postgresql://real",
        "PREDICTION_LOG_URI": "s3://real",
        "RELEASES_URI": "s3://real",
        "JWT_SECRET": "of-the-real-one",
        "SHADOW_MINUTES": "60",
        "UI_PORT": "3999",
    }.items():
        monkeypatch.setenv(name, value)
    for name, value in environment(home, "http://webhook").items():
        monkeypatch.setenv(name, value)

    settings = load_settings()
    assert settings == Settings(titanic_home=home, ui_port=3999, slack_webhook_url="http://webhook")
    assert settings.tracking_uri.startswith(f"sqlite:///{home}/")
    assert {os.environ[name] for name in ("RELEASES_URI", "JWT_SECRET")} == {""}
