import pytest

from tests.monitor.seen import NOW, a_health, a_record, a_sensor, a_sight, silent_for
from titanic_assets.monitor.looking import Look
from titanic_assets.monitor.page import duration, show
from titanic_assets.monitor.sources import Seen
from titanic_assets.settings import Settings

SETTINGS = Settings(ui_port=3001, mlflow_port=5001, api_port=8001)


def shown(seen):
    return show(seen, SETTINGS, NOW)


def test_it_leads_to_the_other_programs_and_to_runs_and_sensors():
    page = shown(a_sight(records=[a_record()]))
    for address in (
        "http://localhost:3001", "http://localhost:5001", "http://localhost:8001/ui",
        "http://localhost:3001/runs/1", "/locations/titanic/sensors/landing_sensor",
        "http://localhost:5000/report",
    ):  # fmt: skip
        assert f'{address}"' in page


def test_what_is_wrong_is_said_first():
    page = shown(a_sight(silent_for(600)))
    assert "daemon has stopped" in page
    assert "all of it has given no sign of life for 10 minutes" in page
    locked = Seen(Look(problem="database is locked"), Look(), Look())
    assert "database is locked" in shown(locked)
    assert "daemon lives" not in shown(locked)


def test_alerts_are_text_and_only_addresses_are_links():
    links = {"Run": "javascript:alert(1)", "Odd": "http://[x", "Report": "http://localhost/1"}
    page = shown(a_sight(records=[a_record(title="<script>x</script>", links=links)]))
    assert "<script" not in page
    assert "javascript:" not in page
    assert "http://[x" not in page
    assert 'href="http://localhost/1"' in page


@pytest.mark.parametrize(
    ("sensor", "words"),
    [
        (a_sensor(), "nothing to do"),
        (a_sensor(status="failure"), "failed"),
        (a_sensor(last=NOW - 305, status="started"), "overdue for 5 min"),
        (a_sensor(on=False), "switched off"),
        (a_sensor(last=None), "has not ticked yet"),
    ],
)
def test_a_sensor_is_told_in_words(sensor, words):
    assert words in shown(a_sight(a_health(automations=(sensor,))))


def test_durations_are_in_the_unit_that_says_enough():
    assert [duration(s) for s in (-1, 3, 119, 120, 7199, 7200, 172_800)] == [
        "0 s", "3 s", "119 s", "2 min", "120 min", "2 h", "2 d",
    ]  # fmt: skip
