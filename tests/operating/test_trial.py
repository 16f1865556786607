"""Whoever tries an image is told when its engine fails, and does not wait for ever."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from titanic_assets.releasing.image.engine import Engine, EngineFailed
from titanic_assets.releasing.image.trial import Container, stop_while_asked


class _Service(BaseHTTPRequestHandler):
    """It answers for as long as it runs, and takes a request's head before its body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b'{"probability": 0.5}')

    def _answer(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Nothing for the terminal."""


def test_an_engine_that_cannot_stop_the_container_is_told():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        # A program that fails whatever it is asked.
        container = Container(Engine("false"), "none", server.server_address)
        try:
            with pytest.raises(EngineFailed, match="false stop ended with code 1"):
                stop_while_asked(container)
        finally:
            server.shutdown()
            serving.join()
