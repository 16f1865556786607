"""A release that the real service refuses reaches people, and so does nothing of one that waits."""

import json

import dagster as dg
import httpx
import pytest

from tests.releasing.releases import a_release, numbered
from tests.service.serving import start_service, wait_until
from titanic_assets.alerts.looking import parse_served
from titanic_assets.alerts.wanted import Wanted, wanted_releases
from titanic_assets.automation.alerting import alert_sensor
from titanic_model.published import Current, publish_release, write_current

BROKEN = "9-0f1e2d3c4b5a"


@pytest.fixture
def look(settings):
    """Evaluate the sensor, as if half a minute had passed since the look before."""
    cursor = None

    def looked(service):
        nonlocal cursor
        resources = {"settings": settings.model_copy(update={"api_url": service.url})}
        with (
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance, cursor, resources=resources) as context,
        ):
            found = alert_sensor.evaluate_tick(context)
        kept = json.loads(found.cursor)
        cursor = json.dumps({**kept, "behind_since": kept["behind_since"] and 0.0})
        return found.skip_message

    return looked


def test_a_refused_release_is_told_with_the_services_reason_until_it_is_over(
    settings, look, receiver, ledger
):
    releases = settings.places.releases
    service = start_service(
        settings.places.home, wait=False, releases_uri=releases, releases_poll_seconds=0.1
    )
    try:
        wait_until(lambda: service.process.poll() is None and is_behind(service), 40)
        look(service)
        look(service)  # it waits for the first release, as nothing is published
        good = publish_release(numbered(a_release(), "4"), releases)
        write_current(releases, Current(good))
        wait_until(service.ready)
        assert look(service) == "0 new, 0 over"
        (releases / BROKEN).mkdir()
        write_current(releases, Current(BROKEN))
        wait_until(lambda: is_behind(service))
        assert "since just now" in look(service)
        assert receiver.taken == []

        assert look(service) == "1 new, 0 over"
        assert look(service) == "0 new, 0 over"
        write_current(releases, Current(good))
        wait_until(lambda: not is_behind(service))
        assert look(service) == "0 new, 1 over"
    finally:
        service.stop()
    (text,) = receiver.texts
    assert text.startswith(f"[warning] The service refuses release {BROKEN}\n")
    assert "it does not say why" not in text
    assert "For users: version 4 goes on answering." in text
    assert ledger.records()[0].over is not None


def is_behind(service):
    try:
        return service.metrics().get("titanic_releases_behind") == 1
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('{"champion": "3-0f1e2d3c4b5a"}', Wanted("3-0f1e2d3c4b5a")),
        ('{"champion": "a", "challenger": "b"}', Wanted("a", "b")),
        ("{", Wanted("current.json")),
        ("[]", Wanted("current.json")),
        (None, None),
    ],
)
def test_what_should_be_live_is_read_from_whatever_lies_there(tmp_path, content, wanted):
    if content is not None:
        (tmp_path / "current.json").write_text(content)

    assert wanted_releases(tmp_path) == wanted


def test_metrics_of_something_else_are_no_word_on_releases():
    with pytest.raises(ValueError, match="titanic_releases_behind"):
        parse_served("# TYPE up gauge\nup 1\n")
