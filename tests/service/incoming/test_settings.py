"""Settings: each is read, a wrong one is named at the start, and no secret shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bento_service.checking import checked
from bento_service.settings import Settings, WrongSetting, load_settings
from tests.service.serving import CHECKOUT

SECRET = "a-secret-of-more-than-thirty-two-bytes"  # noqa: S105 - of the tests
OTHERS = {
    "workers": ("3", 3),
    "releases_uri": ("s3://bucket/releases", "s3://bucket/releases"),
    "releases_poll_seconds": ("2.5", 2.5),
    "challenger_mode": ("split", "split"),
    "challenger_share": ("0.5", 0.5),
    "auth": ("off", "off"),
    "jwks_url": ("https://keys.example/jwks", "https://keys.example/jwks"),
    "jwt_audience": ("others", "others"),
    "jwt_issuer": ("issuer", "issuer"),
    "rate_limit": ("5/second", "5/second"),
    "rate_limit_storage": ("redis://host:6379", "redis://host:6379"),
    "max_concurrency": ("7", 7),
    "max_body_bytes": ("2048", 2048),
    "max_batch_rows": ("9", 9),
    "cors_origins": ("https://page.example", "https://page.example"),
    "features_url": ("http://host:6566", "http://host:6566"),
    "features_timeout_seconds": ("0.5", 0.5),
    "drift_window": ("200", 200),
    "drift_threshold": ("0.25", 0.25),
    "prediction_log_uri": ("/srv/predictions", "/srv/predictions"),
    "prediction_log_segment_bytes": ("8192", 8192),
    "prediction_log_segment_seconds": ("5", 5.0),
    "prediction_log_backlog": ("50", 50),
    "access_log": ("true", True),
    "log_level": ("debug", "DEBUG"),
    "otel_exporter_otlp_endpoint": ("http://host:4318", "http://host:4318"),
}


def wrong(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as refused:
        checked(load_settings())
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_every_setting_is_tried_here():
    assert set(OTHERS) | {"jwt_secret"} == set(Settings.model_fields)


@pytest.mark.parametrize("name", OTHERS)
def test_each_setting_is_read_from_its_variable(monkeypatch, name):
    text, value = OTHERS[name]
    assert getattr(load_settings(), name) != value
    monkeypatch.setenv(name.upper(), text)
    assert getattr(load_settings(), name) == value


@pytest.mark.parametrize("name", OTHERS)
def test_an_empty_variable_is_none(monkeypatch, name):
    default = getattr(load_settings(), name)
    monkeypatch.setenv(name.upper(), "")
    assert getattr(load_settings(), name) == default


def test_the_settings_as_they_are_let_one_start():
    assert checked(load_settings()) == Settings()


@pytest.mark.parametrize(
    ("text", "level"),
    [("info", "INFO"), ("Warn", "WARNING"), ("warning", "WARNING"), ("ERROR", "ERROR")],
)
def test_a_level_is_written_as_people_write_it(monkeypatch, text, level):
    monkeypatch.setenv("LOG_LEVEL", text)
    assert load_settings().log_level == level


@pytest.mark.parametrize(
    ("text", "meant"), [("1", True), ("yes", True), ("TRUE", True), ("off", False), ("0", False)]
)
def test_a_switch_is_written_as_people_write_it(monkeypatch, text, meant):
    monkeypatch.setenv("ACCESS_LOG", text)
    assert load_settings().access_log is meant


@pytest.mark.parametrize("name", ["releases_uri", "prediction_log_uri"])
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~/there", "{home}/there"),
        ("file:///srv/there", "/srv/there"),
        ("/srv/there/", "/srv/there"),
        ("memory://there", "memory://there"),
    ],
)
def test_a_place_is_a_whole_path_or_a_url(monkeypatch, name, written, meant):
    monkeypatch.setenv(name.upper(), written)
    assert getattr(checked(load_settings()), name) == meant.format(home=Path.home())


@pytest.mark.parametrize("name", ["RELEASES_URI", "PREDICTION_LOG_URI"])
@pytest.mark.parametrize("written", ["there", "./there", "file://there", "file:there"])
def test_a_path_from_nowhere_is_refused_for_it_would_lie_within_the_bento(
    monkeypatch, name, written
):
    said = wrong(monkeypatch, **{name: written})
    assert f"{name}={written!r}: name it in full" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("RELEASES_POLL_SECONDS", "nan"),
        ("RELEASES_POLL_SECONDS", "-1"),
        ("CHALLENGER_MODE", "on"),
        ("CHALLENGER_SHARE", "1.5"),
        ("CHALLENGER_SHARE", "nan"),
        ("AUTH", "on"),
        ("MAX_CONCURRENCY", "0"),
        ("MAX_BODY_BYTES", "10"),
        ("MAX_BATCH_ROWS", "1e3"),
        ("DRIFT_WINDOW", "199"),
        ("DRIFT_THRESHOLD", "0"),
        ("PREDICTION_LOG_SEGMENT_SECONDS", "inf"),
        ("ACCESS_LOG", "perhaps"),
        ("LOG_LEVEL", "TRACE"),
        ("FEATURES_URL", "host:6566"),
        ("FEATURES_URL", "http://"),
        ("FEATURES_URL", "http://host:port"),
        ("JWKS_URL", "file:///etc/passwd"),
        ("JWKS_URL", "https://ann:hush@host/keys"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "host"),
        ("RATE_LIMIT", "many"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT_STORAGE", "memcached://host"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example,b.example"),
        ("RELEASES_URI", "nowhere://bucket"),
        ("PREDICTION_LOG_URI", "nowhere://bucket"),
    ],
)
def test_a_wrong_value_is_found_at_the_start_and_named(monkeypatch, name, value):
    assert name in wrong(monkeypatch, **{name: value})


def test_the_valid_words_are_told(monkeypatch):
    said = wrong(monkeypatch, CHALLENGER_MODE="on", LOG_LEVEL="loud")
    assert "CHALLENGER_MODE='on'" in said
    assert "'off', 'shadow' or 'split'" in said
    assert "LOG_LEVEL='loud'" in said


def test_whoever_wants_tokens_is_told_what_asks_for_them(monkeypatch):
    said = wrong(monkeypatch, AUTH="on")
    assert "AUTH='on'" in said
    assert "as soon as JWT_SECRET or JWKS_URL is set" in said


def test_two_kinds_of_key_exclude_each_other(monkeypatch):
    said = wrong(monkeypatch, JWT_SECRET=SECRET, JWKS_URL="https://keys.example")
    assert "JWT_SECRET and JWKS_URL exclude each other" in said
    assert SECRET not in said


def test_of_a_secret_nothing_is_shown(monkeypatch):
    assert "a-short-one" not in wrong(monkeypatch, JWT_SECRET="a-short-one")  # noqa: S106
    assert SECRET not in repr(Settings(jwt_secret=SECRET))


ADDRESSES = [
    "JWKS_URL",
    "RATE_LIMIT_STORAGE",
    "RELEASES_URI",
    "PREDICTION_LOG_URI",
    "FEATURES_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "value",
    [
        "nowhere://ann:hush@host/0",
        "nowhere://ann:hu/hush@host/0",
        "ann:hush@host",
        "nowhere://host/0?password=hush",
    ],
)
def test_of_an_address_no_password_is_shown(monkeypatch, name, value):
    assert "hush" not in wrong(monkeypatch, **{name: value})


@pytest.mark.parametrize("name", ["JWKS_URL", "FEATURES_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"])
@pytest.mark.parametrize("value", ["https://ann:hu/hush@host/x", "https://ann:hush@host:port"])
def test_of_a_web_address_no_password_is_shown(monkeypatch, name, value):
    assert "hush" not in wrong(monkeypatch, **{name: value})


@pytest.mark.parametrize("name", ADDRESSES)
def test_settings_that_are_printed_show_no_address_with_a_password(name):
    settings = Settings.model_construct(**{name.lower(): "https://ann:hush@host"})
    assert "hush" not in repr(settings)


def test_bentoml_says_what_is_wrong_in_a_line_and_ends(tmp_path):
    said = subprocess.run(
        [sys.executable, "-m", "bentoml", "serve", "bento_service.service:TitanicSurvival"],
        cwd=CHECKOUT,
        env={**os.environ, "BENTOML_HOME": str(tmp_path), "RATE_LIMIT": "lots"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 1
    (line,) = (said.stdout + said.stderr).strip().splitlines()
    assert "RATE_LIMIT='lots': write it as 600/minute" in line
