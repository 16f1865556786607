"""The rules ask for what is there, say what people can use, and fire when they should."""

import re
from multiprocessing.pool import ThreadPool

import pytest
import yaml

from tests.deploy.conftest import ALERTS, MONITORING, RECORDED, run
from tests.deploy.promql import grouped_by, selectors
from tests.docs.pages import PAGES, Page
from titanic_assets.settings import CHECKOUT, Settings
from titanic_model.gates import Bars

TESTS = sorted((CHECKOUT / "tests" / "deploy" / "rules").glob("*.yml"))
BY_NAME = {rule["alert"]: rule for rule in ALERTS}


def of_each(rules, kind):
    return pytest.mark.parametrize("rule", rules, ids=[rule[kind] for rule in rules])


def test_promtool_finds_nothing_wrong_with_config_and_rules():
    said = run("promtool", "check", "config", "prometheus.yml")
    assert said.count("rules found") == 2
    run("promtool", "check", "rules", *(str(path) for path in MONITORING.glob("rules/*.yml")))


def test_the_rules_fire_when_they_should_and_not_when_they_should_not():
    with ThreadPool(len(TESTS)) as pool:
        said = pool.map(lambda path: run("promtool", "test", "rules", str(path)), TESTS)
    assert all("SUCCESS" in each for each in said)


def test_of_each_alert_it_is_tested_that_it_fires():
    assert set(BY_NAME) - set(alerts_that_fire_in_tests()) == set()


def alerts_that_fire_in_tests():
    for path in TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                if case["exp_alerts"]:
                    yield case["alertname"]
            for case in test.get("promql_expr_test", []):
                for sample in case.get("exp_samples", []):
                    yield from re.findall(r'alertname="(\w+)"', sample["labels"])
                    yield from re.findall(r'firing",alertname="(\w+)"', case["expr"])


@of_each(ALERTS, "alert")
def test_an_alert_asks_for_what_is_exported(rule, strangers):
    assert strangers(rule["expr"]) == []


@of_each(RECORDED, "record")
def test_a_recorded_rule_asks_for_what_is_exported(rule, strangers):
    assert strangers(rule["expr"]) == []


def test_a_renamed_metric_or_label_would_be_noticed(strangers):
    assert strangers("sum(rate(titanic_request_total[5m])) > 0") == ["titanic_request_total"]
    assert strangers('titanic_errors_total{kind="x"}') == ["titanic_errors_total{kind}"]
    assert strangers("sum by (kind) (titanic_errors_total)") == ["kind"]
    assert strangers("titanic:nothing:rate5m offset 1h / up") == ["titanic:nothing:rate5m"]
    query = 'a{b="c"} and on (d) sum by (e, f) (rate(g_total[5m] offset 1h)) or vector(0)'
    assert selectors(query) == [("a", {"b"}), ("g_total", set())]
    assert grouped_by(query) == {"d", "e", "f"}


@of_each(ALERTS, "alert")
def test_an_alert_says_what_is_wrong_how_bad_it_is_and_what_to_do(rule):
    assert re.fullmatch(r"Titanic[A-Z]\w+", rule["alert"])
    labels, notes = rule["labels"], rule["annotations"]
    assert labels["severity"] in {"critical", "warning", "none"}
    assert set(labels) == {"severity", "part", "trouble"}
    assert set(notes) == {"summary", "description", "runbook"}
    assert len(notes["summary"]) < 90
    assert not notes["summary"].endswith(".")
    assert notes["description"].endswith(".")


@of_each(ALERTS, "alert")
def test_the_runbook_of_an_alert_is_there(rule):
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor == rule["alert"].lower()
    assert anchor in Page(CHECKOUT / page).anchors


def test_every_runbook_is_that_of_an_alert():
    headings = re.findall(r"^### (Titanic\w+)$", PAGES["docs/runbook.md"].text, re.MULTILINE)
    assert headings == list(BY_NAME)


def test_the_latency_that_is_watched_is_the_one_that_is_promised():
    [milliseconds] = re.findall(
        r"99 of 100 single predictions within (\d+) ms", PAGES["docs/service.md"].text
    )
    [rule] = [
        rule for rule in RECORDED if rule["record"] == "titanic:predict_in_time:ratio_rate10m"
    ]
    assert f'le="{int(milliseconds) / 1000}"' in rule["expr"]
    assert f"within {milliseconds} ms" in BY_NAME["TitanicSlow"]["annotations"]["summary"]
    assert "< 0.99" in BY_NAME["TitanicSlow"]["expr"]


def test_bars_that_the_code_has_too_are_the_same():
    settings = Settings()
    accuracy = BY_NAME["TitanicAccuracyLow"]["expr"]
    assert f"< {Bars().accuracy - settings.performance_drop:.2f}" in accuracy
    assert f">= {settings.performance_outcomes}" in accuracy
    assert f"> {settings.health_error_share}" in BY_NAME["TitanicFailingNowAndThen"]["expr"]
