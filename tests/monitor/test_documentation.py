"""What docs/prometheus.md says of the monitor is what the monitor does."""

import json
import re

from tests.docs.pages import PAGES
from tests.monitor.seen import NOW, a_record
from titanic_assets.alerts.ledger import LedgerContents
from titanic_assets.monitor.alert_history import DEFAULT_LIMIT, MOST, as_json, status
from titanic_assets.monitor.app import application
from titanic_assets.monitor.metrics import METRICS
from titanic_assets.settings import Settings

PAGE = PAGES["docs/prometheus.md"]


def test_the_metrics():
    lines = ["| metric | type | labels | what |", "|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{metric.name}` | {metric.type} | {labels} | {metric.text} |")
    assert PAGE.between("monitor metrics") == "\n".join(lines) + "\n"


def test_the_routes():
    app = application(Settings(bind_host="0.0.0.0"), print)  # noqa: S104 - it listens nowhere
    told = re.findall(r"^\| `(/[a-z/]*)` \|", PAGE.text, re.MULTILINE)
    assert told == [route.path for route in app.routes]


def test_the_examples():
    alerts, figures = [
        json.loads(re.sub(r"^\$.*\n", "", block).replace("…\n", ""))
        for block in PAGE.blocks("console")
        if "localhost:8010/alerts" in block
    ]
    assert list(alerts["alerts"][0]) == list(as_json(a_record()))
    told = status(LedgerContents((a_record(raised=NOW, state="pending"),)), webhook=True)
    assert list(figures) == list(told)
    assert figures["states"].keys() == told["states"].keys()


def test_the_limits():
    assert f"`limit` ({DEFAULT_LIMIT}; at most {MOST})" in PAGE.text
