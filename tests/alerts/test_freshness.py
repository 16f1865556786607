"""Dagster's own daemon judges how old assets are, and people are told of one that is too old."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.test_utils import freeze_time

from tests.service.serving import CHECKOUT, wait_until
from titanic_assets.automation.alerting import alert_sensor
from titanic_assets.automation.freshness import MAY_BE_OLD, stale_assets
from titanic_assets.definitions import define
from titanic_assets.settings import Settings
from titanic_assets.stack.stores import prepare_dagster

ASSETS = ("validated_passengers", "passenger_features")


def test_the_daemon_finds_what_is_too_old_and_people_are_told_once(settings, receiver, ledger):
    prepare_dagster(settings)
    with dg.DagsterInstance.from_config(str(settings.places.dagster)) as instance:
        long_ago = datetime.now(UTC) - timedelta(days=9)
        with freeze_time(long_ago):
            for name in ASSETS:
                instance.report_runless_asset_event(dg.AssetMaterialization(name))
        assert stale_assets(instance) == {}

        with daemon(settings):
            wait_until(lambda: stale_assets(instance), 30, "nothing was found to be too old")
        assert stale_assets(instance) == {"validated_passengers": 192.0}

        resources = {"settings": settings}
        for _ in range(2):
            with dg.build_sensor_context(instance=instance, resources=resources) as context:
                alert_sensor.evaluate_tick(context)
    (text,) = receiver.texts
    assert text.startswith(
        "[warning] validated_passengers is out of date\n"
        "validated_passengers has not been made anew for over 8 days.\n"
    )
    assert "Asset: http://localhost:3000/assets/validated_passengers" in text
    (record,) = ledger.records()
    assert (record.alert.kind, record.over) == ("stale_data", None)


class daemon:  # noqa: N801 - reads as a context
    """Dagster's daemon on that home, with a graph that has nothing else to do."""

    def __init__(self, settings):
        self.environment = {
            **os.environ,
            "DAGSTER_HOME": str(settings.places.dagster),
            "FRESHNESS_DAEMON_INTERVAL_SECONDS": "1",
        }

    def __enter__(self):
        program = Path(sys.executable).with_name("dagster-daemon")
        self.process = subprocess.Popen(
            [program, "run", "-m", "tests.alerts.stale_graph"],
            cwd=CHECKOUT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def test_what_is_made_by_the_clock_has_an_age(tmp_path):
    graph = define(Settings(titanic_home=tmp_path)).resolve_asset_graph()
    found = {
        key.to_user_string(): policy.fail_window.to_timedelta()
        for key in graph.get_all_asset_keys()
        if (policy := graph.get(key).freshness_policy_or_from_metadata)
    }
    assert found == dict(MAY_BE_OLD)
