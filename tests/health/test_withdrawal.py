"""A release that is worse goes live on the real service, is found there, and is withdrawn."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import dagster as dg
import pytest

from tests.releasing.conftest import Models
from tests.service.serving import start_service, wait_until
from titanic_assets.automation.health import release_health_sensor
from titanic_assets.definitions import define
from titanic_assets.ledger import PromotionLedger
from titanic_assets.prediction_log.recent import read_recent
from titanic_assets.releasing.going_live import make_live
from titanic_assets.settings import Settings
from titanic_assets.tracking.promotion import Promotion, promote

PASSENGERS = [{"sex": sex, "age": age} for sex in ("female", "male") for age in range(20, 70)]


@pytest.fixture
def service(tmp_path):
    running = start_service(
        tmp_path,
        releases_uri=tmp_path / "releases",
        prediction_log_uri=tmp_path / "predictions",
        releases_poll_seconds=0.1,
        wait=False,
    )
    yield running
    running.stop()


@pytest.fixture
def webhook():
    """Where alerts arrive, and the texts that did."""
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
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret", texts
        server.shutdown()
        thread.join()
