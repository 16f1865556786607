"""The dashboard is what the code would make of it, and what Grafana can show."""

import json
import re
import subprocess
import sys
from itertools import pairwise

import pytest
import yaml

from bento_service.settings import Settings as ServiceSettings
from deploy.monitoring.exported import Exported, UnknownLabel
from deploy.monitoring.grafana import dashboard
from deploy.monitoring.panel import Panel, Query
from deploy.monitoring.service_rows import traffic
from tests.deploy.conftest import MONITORING
from tests.deploy.promql import grouped_by, selectors
from titanic_assets.settings import CHECKOUT, Settings
from titanic_model.gates import Bars

DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "titanic.json").read_text())
RULES = (MONITORING / "rules" / "alerts.yml").read_text()
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
each_panel = pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])


def test_it_is_what_the_code_would_make_of_it():
    done = subprocess.run(
        [sys.executable, "-m", "deploy.monitoring.dashboards", "--check"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_metric_that_is_gone_or_has_lost_a_label_cannot_be_shown():
    with pytest.raises(AttributeError, match="requests"):
        traffic({"seconds": Exported("titanic_request_seconds", "histogram", ("route",))})
    errors = Exported("titanic_errors_total", "counter", ("kind",))
    with pytest.raises(UnknownLabel, match="titanic_errors_total has no label type, only kind"):
        errors.of('type="internal"')


def test_a_renamed_metric_changes_the_dashboard():
    def shown(name):
        panel = Panel("a", "b", (Query(str(Exported(name, "gauge", ()))),))
        return dashboard("u", "t", "d", {"r": [panel]}, variables=[], annotations=[])

    assert shown("before") == shown("before") != shown("after")


def test_its_rows_are_these():
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Traffic", "Model", "Drift and outcomes", "Releases", "Dagster"]


def test_every_panel_has_a_number_and_a_place_of_its_own_and_no_line_has_a_gap():
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert sorted(set(numbers)) == sorted(numbers)
    lines = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        lines.setdefault(place["y"], []).append((place["x"], place["w"], place["h"]))
    for line in lines.values():
        assert line[0][0] == 0
        assert all(left + width == x for (left, width, _), (x, _, _) in pairwise(line))
        assert line[-1][0] + line[-1][1] == 24
        assert len({height for *_, height in line}) == 1
    tops = sorted((y, line[0][2]) for y, line in lines.items())
    assert all(top + height == below for (top, height), (below, _) in pairwise(tops))


@each_panel
def test_a_panel_says_what_it_shows_and_how_to_read_it(panel):
    assert panel["description"].endswith(".")
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    base, *steps = defaults["thresholds"]["steps"]
    assert base["value"] is None
    values = [step["value"] for step in steps]
    assert values == sorted(values)
    assert {"datasource", "targets", "options", "gridPos"} <= set(panel)
    references = [target["refId"] for target in panel["targets"]]
    assert references == [*"ABCDEFGH"[: len(references)]]
    assert references


@each_panel
def test_the_queries_of_a_panel_ask_for_what_is_exported(panel, strangers, known):
    for target in panel["targets"]:
        assert strangers(target["expr"]) == []
        assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        [*metrics] = (known[name] for name, _ in selectors(target["expr"]))
        assert named <= (grouped_by(target["expr"]) or set().union(*metrics))


@each_panel
def test_several_series_can_be_told_apart(panel):
    if len(panel["targets"]) > 1 and panel["type"] != "table":
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert "__auto" not in legends
        assert len(set(legends)) == len(legends)


def test_colours_change_where_the_code_draws_the_line():
    steps = {
        panel["title"]: panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"]
        for panel in PANELS
    }
    assert steps["Drift"] == steps["Drift now"] == Settings().drift_threshold
    assert steps["Failing"] == 0.05
    assert "expr: >-\n          titanic:failures:ratio_rate5m > 0.05" in RULES
    assert steps["Right answers"] == Bars().accuracy - Settings().performance_drop
    assert steps["Answered right now"] <= ServiceSettings.model_fields["max_concurrency"].default


def test_variables_and_annotations_are_such_as_grafana_fills(strangers):
    datasource, machine = DASHBOARD["templating"]["list"]
    assert (datasource["name"], datasource["type"], datasource["query"]) == (
        "datasource", "datasource", "prometheus",
    )  # fmt: skip
    assert machine["name"] == "instance"
    used = set(re.findall(r"\$(\w+)", json.dumps(PANELS)))
    assert used <= {"instance", "__rate_interval"}
    for annotation in DASHBOARD["annotations"]["list"]:
        assert strangers(annotation["expr"]) == []


def test_grafana_is_told_where_dashboard_and_prometheus_are():
    folder = MONITORING / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources" / "titanic.yml").read_text())["datasources"]
    assert source["type"] == "prometheus"
    interval = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == interval["scrape_interval"]
    [provider] = yaml.safe_load((folder / "dashboards" / "titanic.yml").read_text())["providers"]
    assert provider["options"]["path"] == "$GRAFANA_DASHBOARDS"
