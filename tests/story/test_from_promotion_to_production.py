"""One story with real processes: Dagster with its daemon, MLflow, the service, and its clients.

Models are promoted, go live, are rolled back and withdrawn. Nobody who asks for a prediction
notices anything of it but other answers.
"""

import json
import subprocess
import sys
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.service.serving import wait_until
from tests.stack.make_run import MakeRun, until
from tests.story.models import a_good_one, one_that_is_slow, one_that_is_wrong
from tests.story.traffic import Traffic
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack.stores import prepare_mlflow
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.registry import RELEASE, Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_model.release import write_release

WORKSPACE = """
load_from:
  - python_module:
      module_name: titanic_assets.definitions
      location_name: titanic
"""


# Seconds: twice what is promised, for machines that have other things to do. What was measured is
# in the report (--junitxml), and in docs/releases.md for two free cores.
NEW_BENTO, ROLLBACK, BY_HAND = 60, 10, 30


@pytest.fixture
def alerts():
    """Where alerts arrive: an HTTP receiver, and the texts it got."""
    texts = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            texts.append(json.loads(body)["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Nothing for the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", texts
        server.shutdown()


@pytest.fixture
def make_run(tmp_path):
    run = MakeRun(tmp_path)
    run.workspace.write_text(WORKSPACE)
    yield run
    run.kill_all()


class Team:
    """What the team does beside the running stack."""

    def __init__(self, make_run):
        self.make_run = make_run
        self.settings = Settings(titanic_home=make_run.home)
        prepare_mlflow(self.settings)
        self.registry = Registry(self.settings.tracking_uri)
        self.ledger = PromotionLedger(self.settings.places.ledger)

    def register(self, release, folder):
        client = self.registry.client
        run = client.create_run(self.registry.experiment).info.run_id
        place = write_release(release, folder / run / RELEASE)
        client.log_artifacts(run, str(place), RELEASE)
        tags = {"digest": release.model_digest}
        made = client.create_model_version(MODEL_NAME, source=str(place), run_id=run, tags=tags)
        return int(made.version)

    def command(self, *arguments):
        """Run one of the project's own commands; returns when it began."""
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "titanic_assets.releasing", *arguments],
            cwd=CHECKOUT,
            env=self.make_run.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return began

    def line(self, within, after=0, **wanted):
        """The ledger's line that says this, after so many others."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            for event in self.ledger.events()[after:]:
                if all(getattr(event, name) == value for name, value in wanted.items()):
                    return event
            time.sleep(0.1)
        lines = [f"{e.kind} {e.from_version} -> {e.to_version}" for e in self.ledger.events()]
        raise AssertionError(f"no line with {wanted} within {within} s: {lines}")


def told_of(version, texts):
    """Whether one of the alerts names that version as withdrawn."""
    return any(f"Version {version} was withdrawn" in text for text in texts)


def test_models_come_and_go_and_no_request_fails(make_run, alerts, tmp_path, record_property):
    receiver, texts = alerts
    team = Team(make_run)
    first, second, wrong, slow = (
        team.register(release, tmp_path / "made")
        for release in (a_good_one(-1.0), a_good_one(-0.9), one_that_is_wrong(), one_that_is_slow())
    )
    team.command("promote", str(first), "--why", "the first")

    with (
        make_run.started(SLACK_WEBHOOK_URL=receiver, HEALTH_PREDICTIONS="60") as supervisor,
    ):
        until(supervisor, "ready; Ctrl-C")
        with Traffic(f"http://127.0.0.1:{make_run.api_port}") as traffic:
            traffic.first_by(first, time.monotonic(), within=ROLLBACK)

            # Promoted by a command: packed, proven and live without another hand.
            began = team.command("promote", str(second), "--why", "better")
            record_property("promoted", traffic.first_by(second, began, within=NEW_BENTO))

            # Rolled back by a command; nothing is built.
            began = team.command("rollback", "--why", "a person wants it so")
            record_property("rolled back", traffic.first_by(first, began, within=ROLLBACK))
            assert team.ledger.last().why.endswith("a person wants it so")

            # Moved by hand in MLflow, where nobody knows of this project.
            known = len(team.ledger.events())
            team.registry.move_alias("champion", second)
            began = time.monotonic()
            record_property("moved by hand", traffic.first_by(second, began, within=BY_HAND))
            by_hand = team.line(
                BY_HAND, known, kind="by_hand", from_version=first, to_version=second
            )
            assert "in the registry" in by_hand.why

            # One that is wrong and one that is slow get through no gate here: a person puts them
            # there. They are live for a while, and then no longer.
            for culprit, complaint in ((wrong, "answers"), (slow, "times as long")):
                began = team.command("promote", str(culprit))
                traffic.first_by(culprit, began, within=NEW_BENTO)
                line = team.line(180, kind="rollback", from_version=culprit)
                record_property(f"withdrawn {culprit}", time.monotonic() - began)
                assert line.to_version == second
                assert complaint in line.why
                traffic.first_by(second, time.monotonic(), within=ROLLBACK)
                wait_until(partial(told_of, culprit, texts), 20, f"no alert of {culprit}: {texts}")

            assert team.registry.version_at("champion").version == second
        assert traffic.failed == []
        assert len(traffic.answers) > 500
    built = {
        path.name.split("-")[0] for path in (make_run.home / "bentoml" / "bentos").glob("*/*-*")
    }
    assert built == {str(each) for each in (first, second, wrong, slow)}
