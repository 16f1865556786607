"""The real monitor: a process of its own, asked over HTTP."""

import re

from dagster import DagsterEventType

from tests.monitor.running import running
from tests.monitor.seen import NOW
from tests.service.serving import wait_until
from titanic_assets.alerts.alert import Alert
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.monitor.metrics import METRICS
from titanic_assets.settings import Settings


def test_it_tells_programs_and_people_how_dagster_is(home, monitor):
    home.beat()
    home.sensor("landing_sensor")
    home.run(ending=DagsterEventType.RUN_FAILURE)
    ledger = AlertLedger(home.settings.places.alerts)
    alert = Alert("drift", "age", "Older <passengers>", "They are.", links={"to": "http://here"})
    ledger.enter(alert, NOW, repeat_seconds=60, configured=False)

    health = wait_until(lambda: (said := monitor.get("/health")).status_code == 200 and said)
    assert health.json()["status"] == "ok"
    metrics = monitor.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=")
    told = re.findall(r"^# TYPE (\w+) (\w+)$", metrics.text, re.MULTILINE)
    assert set(told) <= {(metric.name, metric.type) for metric in METRICS}
    assert 'runs_total{dagster_job="training_job",status="failure"} 1.0' in metrics.text
    (one,) = monitor.get("/alerts", params={"kind": "drift", "limit": 5}).json()["alerts"]
    assert (one["title"], one["state"]) == ("Older <passengers>", "not_configured")
    assert one["raised"] == "2027-01-15T08:00:00.000Z"
    assert monitor.get("/alerts/status").json()["webhook"] == "not set"
    page = monitor.get("/")
    assert "daemon lives" in page.text
    assert "Older &lt;passengers&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]

    refused(monitor)


def refused(monitor):
    """What is refused, and how."""
    for question, status, kind in (
        (("GET", "/nothing"), 404, "not_found"),
        (("GET", "/alerts/"), 404, "not_found"),
        (("POST", "/alerts"), 405, "not_allowed"),
        (("DELETE", "/"), 405, "not_allowed"),
        (("GET", "/alerts?limit=0"), 400, "bad_parameter"),
        (("GET", "/alerts?kind=%00"), 400, "bad_parameter"),
    ):
        answer = monitor.request(*question)
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind), question
    assert monitor.get("/alerts?limit=0").json()["error"]["field"] == "limit"
    head = monitor.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    port = monitor.base_url.port
    for name, status in (
        ("localhost", 200), (f"localhost:{port}", 200), (f"[::1]:{port}", 200),
        ("of.a.stranger", 403), (f"of.a.stranger:{port}", 403), ("localhost.of.a.stranger", 403),
        ("127.0.0.1.of.a.stranger", 403), ("[::1].of.a.stranger", 403), ("", 403),
    ):  # fmt: skip
        assert monitor.get("/metrics", headers={"host": name}).status_code == status, name
    assert monitor.get("/", headers={"host": "x"}).json()["error"]["type"] == "foreign_host"


def test_what_is_not_there_or_cannot_be_read_is_said_and_nothing_is_made(tmp_path):
    settings = Settings(titanic_home=tmp_path)
    settings.places.alerts.mkdir(parents=True)  # where a file should be
    before = set(tmp_path.rglob("*"))
    with running(settings) as monitor:
        for route, words in {
            "/health": f"there is no Dagster in {settings.places.dagster} yet",
            "/alerts": "the ledger of alerts cannot be read",
            "/alerts/status": "the ledger of alerts cannot be read",
        }.items():
            answer = monitor.get(route)
            assert answer.status_code == 503
            assert words in answer.json()["error"]["message"]
        metrics = monitor.get("/metrics").text
        assert 'titanic_monitor_source_up{source="dagster"} 0.0' in metrics
        assert 'titanic_monitor_source_up{source="reports"} 1.0' in metrics
        assert "no Dagster" in monitor.get("/").text
    assert {path.name for path in set(tmp_path.rglob("*")) - before} == {"monitor.log"}
