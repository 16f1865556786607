"""What is deployed to watch, as files; and what the code really exports."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.deploy.promql import grouped_by, selectors
from titanic_assets.settings import CHECKOUT

MONITORING = CHECKOUT / "deploy" / "monitoring"


def require(program):
    """Skip, naming the program, where it is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return program


def alertmanager():
    """The program, which Debian gives another name than others do."""
    return shutil.which("alertmanager") or require("prometheus-alertmanager")


def run(*command, folder=MONITORING):
    """Run one of the programs, which has to say that all is well; returns what it printed."""
    require(command[0])
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules(kind):
    """All rules of a kind, `alert` or `record`."""
    return [
        rule
        for path in sorted((MONITORING / "rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if kind in rule
    ]


ALERTS, RECORDED = rules("alert"), rules("record")


@pytest.fixture(scope="session")
def exported():
    """Every series that service and monitor export, with its labels."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.monitoring.exported"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def known(exported):
    """Those, what rules record of them, and what Prometheus and Alertmanager have of their own."""
    own = {
        "up": [],
        "ALERTS": ["alertname", "alertstate", "severity"],
        "alertmanager_notifications_failed_total": ["integration"],
        "prometheus_notifications_dropped_total": [],
    }
    recorded = {rule["record"]: grouped_by(rule["expr"]) for rule in RECORDED}
    return {
        name: {*labels, "instance", "job"} for name, labels in (exported | own | recorded).items()
    }


@pytest.fixture(scope="session")
def strangers(known):
    """What a query asks for that nobody has: names of metrics, and labels of those there are."""

    def find(query):
        asked = selectors(query)
        found = [name for name, _ in asked if name not in known]
        found += [
            f"{name}{{{label}}}"
            for name, labels in asked
            for label in sorted(labels)
            if name in known and label not in known[name]
        ]
        there = set().union(*(known.get(name, set()) for name, _ in asked))
        return found + sorted(grouped_by(query) - there)

    return find
