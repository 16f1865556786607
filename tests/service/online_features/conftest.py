"""The packaged list's features behind a real feature server, and servers that misbehave."""

import asyncio
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bento_service.online_features import OnlineFeatures
from expectations.validation import validate
from tests.service.online_features.feast_server import FeastServer, wait_until
from titanic_assets.settings import Settings
from titanic_assets.sources.raw import read_sources
from titanic_assets.tables import Table
from titanic_assets.training.feature_store import registry_file
from titanic_assets.training.feature_tables import build_features, write_online
from titanic_model.places import Places


@pytest.fixture(scope="session")
def validated(tmp_path_factory):
    """The packaged passengers, as the graph's validation leaves them."""
    folder = tmp_path_factory.mktemp("validated")
    report = read_sources(Settings(titanic_home=folder), folder / "raw.parquet", "rules")
    validate(report.table.batches(), folder / "kept.parquet", folder / "quarantined.parquet")
    return Table(folder / "kept.parquet")


@pytest.fixture(scope="session")
def features(validated, tmp_path_factory):
    return build_features(validated, tmp_path_factory.mktemp("features") / "features.parquet")


@pytest.fixture(scope="session")
def feast(features, tmp_path_factory):
    """A feature server that was started before there was anything to serve."""
    places = Places(tmp_path_factory.mktemp("home"))
    server = FeastServer(places.home, tmp_path_factory.mktemp("log") / "feast.log")
    server.start()
    try:
        wait_until(lambda: "no features yet" in server.log.read_text())
        assert not registry_file(places.feature_store).exists()
        write_online(features, places.feature_store)
        wait_until(server.is_up)
        yield server
        assert server.end() == 0
    finally:
        server.process.kill()
        server.process.wait()


@pytest.fixture
def run():
    """Runs coroutines, one after the other in the same loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def client_of(run):
    """Makes clients of feature servers."""
    made = []

    def make(url, timeout=5.0):
        made.append(OnlineFeatures(url, timeout))
        return made[-1]

    yield make
    for client in made:
        run(client.close())


@pytest.fixture
def client(feast, client_of):
    return client_of(feast.url)


class Impostor:
    """A server that answers as it is told to, and counts how often it was asked."""

    def __init__(self):
        self.asked = 0
        self.authorization = None
        self.status = 200
        self.body = b"{}"
        self.hangs = False
        self.drips = False
        self.test_is_over = threading.Event()
        impostor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                impostor.asked += 1
                impostor.authorization = self.headers["Authorization"]
                self.rfile.read(int(self.headers["Content-Length"]))
                if impostor.hangs:
                    impostor.test_is_over.wait(30)
                    self.close_connection = True
                    return
                self.send_response(impostor.status)
                self.send_header("Content-Length", str(len(impostor.body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.send(impostor.body)

            def send(self, body):
                if not impostor.drips:
                    self.wfile.write(body)
                    return
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    impostor.test_is_over.wait(0.05)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, content, status=200):
        self.status = status
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.fixture
def impostor():
    it = Impostor()
    thread = threading.Thread(target=it.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield it
    it.test_is_over.set()
    it.server.shutdown()
    it.server.server_close()
    thread.join()
