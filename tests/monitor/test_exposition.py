import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.monitor.seen import NOW, a_health, a_record, a_sensor, a_sight, counts_of
from titanic_assets.monitor.exposition import expose
from titanic_assets.monitor.looking import Look
from titanic_assets.monitor.metrics import METRICS
from titanic_assets.monitor.sources import Seen


def families(seen, now=NOW):
    return list(text_string_to_metric_families(expose(seen, now).decode()))


def values(name, seen, now=NOW, **labels):
    return [
        sample.value
        for family in families(seen, now)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]


def test_exactly_the_declared_metrics_are_exported_with_their_labels():
    seen = a_sight(records=[a_record()])
    exported = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            family.documentation,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for family in families(seen)
    }
    assert exported == {each.name: (each.type, each.text, set(each.labels)) for each in METRICS}


def test_no_series_is_exported_twice():
    samples = [
        (sample.name, tuple(sample.labels.items()))
        for family in families(a_sight(records=[a_record()]))
        for sample in family.samples
    ]
    assert len(samples) == len(set(samples))


def test_ages_are_those_of_the_moment_of_the_scrape():
    heartbeat = "titanic_dagster_daemon_heartbeat_age_seconds"
    assert values(heartbeat, a_sight(), daemon="sensor") == [20]
    assert values(heartbeat, a_sight(), now=NOW + 30, daemon="sensor") == [50]
    assert values("titanic_asset_age_seconds", a_sight(), now=NOW - 9999) == [0]


def test_the_last_tick_has_one_status():
    seen = a_sight(a_health(automations=(a_sensor(status="failure"),)))
    name = "titanic_dagster_tick_status"
    assert values(name, seen, status="failure") == [1]
    assert sum(values(name, seen)) == 1


def test_what_is_switched_off_has_no_ticks_to_wait_for():
    seen = a_sight(a_health(automations=(a_sensor(on=False, last=NOW - 9999),)))
    assert values("titanic_dagster_automation_on", seen) == [0]
    assert values("titanic_dagster_tick_age_seconds", seen) == []
    assert values("titanic_dagster_tick_overdue_seconds", seen) == []


def test_a_job_is_counted_from_nothing_on_so_that_its_first_failure_shows():
    seen = a_sight(a_health(counts=counts_of()))
    assert values("titanic_dagster_runs_total", seen, dagster_job="bundle_job") == [0, 0, 0]


@pytest.mark.parametrize(("seconds", "told"), [(59, True), (61, False)])
def test_what_cannot_be_read_is_told_and_its_last_values_stand_for_a_minute(seconds, told):
    good = a_sight()
    locked = Look(good.dagster.value, NOW - seconds, 0.02, "database is locked")
    seen = Seen(locked, good.alerts, good.reports)
    assert values("titanic_monitor_source_up", seen, source="dagster") == [0]
    assert values("titanic_monitor_source_up", seen, source="alerts") == [1]
    assert values("titanic_monitor_read_age_seconds", seen, source="dagster") == [seconds]
    assert bool(values("titanic_dagster_automation_on", seen)) is told


def test_before_the_first_look_nothing_is_made_up():
    seen = Seen(Look(problem="no answer for 2 s"), Look(), Look())
    assert values("titanic_monitor_source_up", seen) == [0, 0, 0]
    assert values("titanic_dagster_runs_total", seen) == []
