"""The demo as a story that has to come true: passengers change, and the whole loop goes round."""

import json
import subprocess
import sys

import dagster as dg
import pytest

from tests.alerts.receiver import Receiver
from tests.stack.make_run import MakeRun
from titanic_assets.alerts.ledger import AlertLedger
from titanic_assets.automation.retraining import ASKED_BY_TAG, REPORT_TAG, WHY_TAG
from titanic_assets.demo.home import demo_home
from titanic_assets.monitoring.drift.report import read_drift_report
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.processes import kill, running_under
from titanic_assets.tracking.ledger import PromotionLedger


@pytest.fixture
def alerts():
    receiver = Receiver()
    yield receiver
    receiver.stop()


class Demo:
    """A demo that is over: what it printed, and what lies in its home."""

    def __init__(self, settings, text):
        self.settings = settings
        self.text = text

    def runs(self, job):
        """Those of the story, the oldest first; on the hour a schedule may start others."""
        with dg.DagsterInstance.from_config(str(self.settings.places.dagster)) as instance:
            runs = instance.get_runs(dg.RunsFilter(job_name=job))
        return [run for run in reversed(runs) if "dagster/schedule_name" not in run.tags]


@pytest.fixture
def demo(tmp_path, alerts):
    make_run = MakeRun(tmp_path)
    home = demo_home(Settings(titanic_home=make_run.home))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "titanic_assets.demo", "--stop"],
            cwd=CHECKOUT,
            env=make_run.environment(SLACK_WEBHOOK_URL=alerts.url, SEARCH_TRIALS="2"),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert running_under(home) == []
        yield Demo(Settings(titanic_home=home), done.stdout)
    finally:
        kill(home)


def test_passengers_change_and_the_loop_goes_round(demo, alerts):
    settings = demo.settings

    # Quiet before; then the report names what has changed, and nothing else about passengers.
    report = read_drift_report(settings)
    assert report.asks_for_training
    drifted = {field.name for field in report.champion.drifted}
    assert {"age", "fare"} <= drifted <= {"age", "fare", "probability"}
    quiet, asking = (run.run_id for run in demo.runs("monitoring_job"))
    assert demo.text.index(quiet) < demo.text.index("900 others arrive") < demo.text.index(asking)

    # One training, by the drift report; whatever else asks within the cool-down waits.
    asked = [run for run in demo.runs("training_job") if ASKED_BY_TAG in run.tags]
    assert [run.tags[ASKED_BY_TAG] for run in asked] == ["drift_sensor"]
    assert asked[0].tags[REPORT_TAG] == report.report_id
    assert "age" in asked[0].tags[WHY_TAG]
    assert asked[0].is_success
    assert "performance_sensor starts no other run: run" in demo.text

    # People are told once, and can open what they are told of.
    (alert,) = (
        record
        for record in AlertLedger(settings.places.alerts).records()
        if record.alert.kind == "drift"
    )
    assert (alert.state, alert.repeats) == ("sent", 0)
    (told,) = (text for text in alerts.texts if alert.alert.title in text)
    assert "fare" in told
    assert report.link in told

    # The end is the gates' and the rule's to say.
    events = PromotionLedger(settings.places.ledger).events()
    live = json.loads((settings.places.releases / "current.json").read_text())["champion"]
    if events[-1].dagster_run_id == asked[0].run_id and events[-1].alias == "champion":
        assert live.startswith(f"{events[-1].to_version}-")
        assert f"version {events[-1].to_version} answers now" in demo.text
    else:
        assert live.startswith(f"{events[0].to_version}-")
        assert "the champion stays." in demo.text
