"""A real Prometheus, by the files that are deployed, watches a running service and the monitor."""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.deploy.conftest import ALERTS, MONITORING, RECORDED, alertmanager, require
from tests.deploy.watched_home import make_home
from tests.service.releases import a_release, publish
from tests.service.serving import free_port, start_service, wait_until
from titanic_assets.settings import CHECKOUT, Settings

DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "titanic.json").read_text())
JOBS = ("titanic-service", "titanic-monitor", "prometheus", "alertmanager")


@contextmanager
def program(folder, log, *command, **environment):
    """A process that is ended in the end."""
    known = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in known}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT,
            env={**inherited, **environment},
        )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


class Prometheus:
    """A running one, asked over HTTP."""

    def __init__(self, port, alertmanager):
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        self._alertmanager = f"http://127.0.0.1:{alertmanager}/api/v2/alerts"

    def get(self, path, **parameters):
        answer = self._client.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", (parameters, answer.get("error"))
        return answer["data"]

    def ask(self, query):
        """The values of all series of the answer."""
        return [float(each["value"][1]) for each in self.get("query", query=query)["result"]]

    def up(self):
        """The jobs of which all targets answer."""
        try:
            found = self.get("query", query="up == 1")["result"]
        except (httpx.TransportError, ValueError):
            return set()
        return {each["metric"]["job"] for each in found}

    def handed_on(self):
        """The names of the alerts that Alertmanager has got."""
        alerts = self._client.get(self._alertmanager).json()
        return {each["labels"]["alertname"] for each in alerts}

    def close(self):
        self._client.close()


def traffic(service):
    """Something of all that callers do; outcomes come last."""
    service.predict(sex="female")
    service.predict(pclass=9)
    rows = [{"pclass": row % 3 + 1, "sex": "male", "age": row % 80} for row in range(120)]
    rows.append({"pclass": 9, "sex": "male"})
    service.client.post("/api/v1/batch_predict", json={"passengers": rows})
    said = service.predict().json()
    outcome = {"request_id": said["request_id"], "survived": said["survived"]}
    assert service.client.post("/api/v1/outcomes", json=outcome).status_code == 200


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """Service, monitor, Alertmanager and Prometheus, after some traffic."""
    prometheus = require("prometheus")
    folder = tmp_path_factory.mktemp("scraping")
    ports = {name: free_port() for name in ("service", "monitor", "prometheus", "alertmanager")}
    deployed = shutil.copytree(MONITORING, folder / "monitoring")
    for name, port in ports.items():
        aim(deployed / "targets" / f"{name}.yml", port)
    hurry(deployed / "prometheus.yml")
    with ExitStack() as running:
        # First, as it takes five seconds to find out what it is to scrape.
        running.enter_context(
            program(
                folder, folder / "prometheus.log", prometheus,
                f"--config.file={deployed / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
                "--rules.alert.resend-delay=1s",
            )
        )  # fmt: skip
        running.enter_context(
            program(
                deployed, folder / "alertmanager.log", alertmanager(),
                "--config.file=alertmanager.yml", f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{ports['alertmanager']}",
                "--cluster.listen-address=",
            )
        )  # fmt: skip
        publish(folder / "releases", a_release("1"), a_release("2", "gradient_boosting"))
        service = start_service(
            folder / "service", wait=False, port=ports["service"],
            releases_uri=folder / "releases", drift_window=200, challenger_mode="shadow",
            prediction_log_uri=folder / "predictions",
        )  # fmt: skip
        running.callback(service.stop)
        home = make_home(folder / "home").titanic_home
        running.enter_context(
            program(
                CHECKOUT, folder / "monitor.log", sys.executable, "-m", "titanic_assets.monitor",
                TITANIC_HOME=str(home), MONITOR_PORT=str(ports["monitor"]),
            )
        )  # fmt: skip
        wait_until(service.ready, 40, "the service was not ready")
        traffic(service)
        asked = Prometheus(ports["prometheus"], ports["alertmanager"])
        running.callback(asked.close)
        wait_until(lambda: asked.up() == set(JOBS), 40, "not everything was scraped")
        wait_until(lambda: asked.ask("titanic_outcomes_total"), 20, "the traffic was not seen")
        traffic(service)
        more = "increase(titanic_outcomes_total[1m]) > 0"
        wait_until(lambda: asked.ask(more), 20, "more traffic was not seen")
        wait_until(lambda: not unrecorded(asked), 20, "not all rules had data")
        yield asked


def aim(targets, port):
    """Look at this port instead of the usual one."""
    text, changed = re.subn(r"localhost:\d+", f"127.0.0.1:{port}", targets.read_text())
    assert changed == 1
    targets.write_text(text)


def hurry(config):
    """Scrape and judge so often that a test need not wait."""
    text, changed = re.subn(r": 15s$", ": 500ms", config.read_text(), flags=re.MULTILINE)
    assert changed == 2
    config.write_text(text)


def unrecorded(prometheus):
    """The recorded rules without a value."""
    names = [rule["record"] for rule in RECORDED]
    values = {name: prometheus.ask(name) for name in names}
    return [name for name in names if not any(not math.isnan(v) for v in values[name])]


def test_every_recorded_rule_yields_data_that_can_be_true(prometheus):
    assert unrecorded(prometheus) == []
    assert prometheus.ask("titanic:failures:ratio_rate5m") == [0]
    assert prometheus.ask("titanic:predict_in_time:ratio_rate10m")[0] > 0.5
    assert 0 < prometheus.ask("titanic:predict_seconds:p99_5m")[0] < 2.5


def test_the_full_window_tells_which_fields_have_drifted(prometheus):
    of_each_field = prometheus.ask("titanic_drift")
    assert len(of_each_field) == 8
    assert not any(math.isnan(value) for value in of_each_field)
    # Everybody is a man.
    assert prometheus.ask('titanic_drifted{field="sex"}') == [1]


def test_every_rule_can_be_worked_out(prometheus):
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == len(ALERTS) + len(RECORDED)
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def test_nobody_is_woken_and_the_watchdog_reaches_alertmanager(prometheus):
    firing = 'ALERTS{alertstate="firing",severity="critical"}'
    assert prometheus.get("query", query=firing)["result"] == []
    wait_until(lambda: prometheus.handed_on() == {"TitanicWatchdog"}, 10, "it did not arrive")


@pytest.mark.parametrize(
    ("panel", "query"),
    [
        pytest.param(panel["title"], target["expr"], id=f"{panel['title']}, {target['refId']}")
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    ],
)
def test_every_query_of_the_dashboard_is_answered(prometheus, panel, query):
    assert prometheus.ask(filled_in(query)), f"{panel} is empty"


def test_the_marks_over_the_graphs_can_be_asked_for(prometheus):
    for annotation in DASHBOARD["annotations"]["list"]:
        prometheus.ask(filled_in(annotation["expr"]))


def test_machines_can_be_chosen(prometheus):
    machine = DASHBOARD["templating"]["list"][1]["query"]["query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", machine).groups()
    found = prometheus.get(f"label/{label}/values", **{"match[]": metric})
    assert found == [prometheus.get("query", query=metric)["result"][0]["metric"]["instance"]]


def filled_in(query):
    """A query as Grafana asks it."""
    return query.replace("$__rate_interval", "1m").replace("$instance", ".*")
