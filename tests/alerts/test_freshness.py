"""Dagster's daemon judges how old assets are, and people are told of one that stays too old."""

import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import (
    InProcessTestWorkspaceLoadTarget,
    create_test_daemon_workspace_context,
    freeze_time,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.freshness import FreshnessDaemon

from tests.service.serving import CHECKOUT
from titanic_assets.automation.alerting import alert_sensor
from titanic_assets.automation.freshness import MAY_BE_OLD, stale_assets
from titanic_assets.definitions import define
from titanic_assets.settings import Settings
from titanic_assets.stack.stores import prepare_dagster

ASSETS = ("validated_passengers", "passenger_features")
GRAPH = InProcessTestWorkspaceLoadTarget(
    InProcessCodeLocationOrigin(
        LoadableTargetOrigin(
            module_name="tests.alerts.stale_graph", working_directory=str(CHECKOUT)
        ),
        location_name="stale",
    )
)


@pytest.fixture
def instance(settings):
    """As `make run` sets Dagster up."""
    prepare_dagster(settings)
    with dg.DagsterInstance.from_config(str(settings.places.dagster)) as instance:
        yield instance


@pytest.fixture
def look(instance, settings):
    """Evaluate the sensor, some time after the look before."""
    cursor = None

    def looked(later=timedelta(0)):
        nonlocal cursor
        kept = json.loads(cursor or "{}")
        earlier = {
            name: kept[name] and kept[name] - later.total_seconds()
            for name in ("looked", "stale_since")
            if name in kept
        }
        resources = {"settings": settings}
        with dg.build_sensor_context(
            instance=instance, cursor=json.dumps(kept | earlier), resources=resources
        ) as context:
            found = alert_sensor.evaluate_tick(context)
        cursor = found.cursor
        return found.skip_message

    return looked


def judge(instance):
    """What the daemon's part for freshness does every half minute."""
    with create_test_daemon_workspace_context(GRAPH, instance) as context:
        assert list(FreshnessDaemon().run_iteration(context)) == [None]


def test_what_is_too_old_and_stays_so_is_told_once_and_then_over(instance, look, receiver, ledger):
    assert "FRESHNESS_DAEMON" in instance.get_required_daemon_types()
    judge(instance)
    assert stale_assets(instance) == {}  # nothing has been made yet
    with freeze_time(datetime.now(UTC) - timedelta(days=9)):
        for name in ASSETS:
            instance.report_runless_asset_event(dg.AssetMaterialization(name))
    judge(instance)
    assert stale_assets(instance) == {"validated_passengers": 192.0}

    minutes = timedelta(minutes=4)
    quiet = [look(minutes) for _ in range(8)]
    assert receiver.taken == []
    assert {each.partition(";")[0] for each in quiet} == {"0 new, 0 over"}
    look(timedelta(hours=12))  # asleep
    look(minutes)
    assert receiver.taken == []
    for _ in range(9):
        look(minutes)
    (text,) = receiver.texts
    assert text.startswith(
        "[warning] validated_passengers is out of date\n"
        "validated_passengers has not been made anew for over 8 days.\n"
    )
    assert "Asset: http://localhost:3000/assets/validated_passengers" in text
    look(timedelta(hours=12))
    assert ledger.records()[0].over is None

    instance.report_runless_asset_event(dg.AssetMaterialization("validated_passengers"))
    judge(instance)
    assert look().startswith("0 new, 1 over")
    (record,) = ledger.records()
    assert (record.alert.kind, record.over is None) == ("stale_data", False)


def test_what_is_made_by_the_clock_has_an_age(tmp_path):
    graph = define(Settings(titanic_home=tmp_path)).resolve_asset_graph()
    found = {
        key.to_user_string(): policy.fail_window.to_timedelta()
        for key in graph.get_all_asset_keys()
        if (policy := graph.get(key).freshness_policy_or_from_metadata)
    }
    assert found == dict(MAY_BE_OLD)
