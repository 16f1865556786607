"""What comes in: a service with settings that differ from the usual, and a wire to say anything."""

import asyncio
import logging
import secrets
import socket
import tempfile
import time
from contextlib import asynccontextmanager

import jwt
import pytest

from bento_service.app import App
from bento_service.front import Front
from bento_service.settings import Settings
from tests.service.serving import start_service

SECRET = secrets.token_urlsafe(48)
ORIGIN = "https://page.example"
FEW_ROWS = 50
FEW_BYTES = 64 * 1024


@pytest.fixture(scope="session")
def strict(releases, tmp_path_factory):
    """A service that asks for tokens, logs all it can, and takes short batches only."""
    predictions = tmp_path_factory.mktemp("predictions")
    running = start_service(
        tmp_path_factory.mktemp("strict"),
        releases_uri=releases,
        jwt_secret=SECRET,
        rate_limit="none",
        cors_origins=ORIGIN,
        max_batch_rows=FEW_ROWS,
        max_body_bytes=FEW_BYTES,
        access_log=True,
        log_level="DEBUG",
        prediction_log_uri=predictions,
    )
    running.predictions = predictions
    claims = {"sub": "tester", "aud": "titanic-survival", "scope": "predict"}
    running.token = jwt.encode({**claims, "exp": time.time() + 3600}, SECRET, "HS256")
    running.client.headers["authorization"] = f"Bearer {running.token}"
    yield running
    running.stop()


class Wire:
    """A bare connection to a service."""

    def __init__(self, service):
        host, _, port = service.url.removeprefix("http://").partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=20)

    def say(self, *parts):
        for part in parts:
            self._socket.sendall(part)
        return self

    def head(self, path, *headers, method="POST"):
        lines = [f"{method} {path} HTTP/1.1", "host: localhost", "connection: close", *headers]
        return self.say("\r\n".join([*lines, "", ""]).encode())

    def hear(self):
        """All that the service says until it hangs up."""
        said = b""
        while part := self._socket.recv(65536):
            said += part
        return said

    def heard_status(self):
        """The status in the first line of the answer."""
        return int(self._socket.recv(65536).split()[1])

    def hang_up(self):
        self._socket.close()


@pytest.fixture
def wire():
    """Makes bare connections."""
    opened = []

    def connect(service):
        opened.append(Wire(service))
        return opened[-1]

    yield connect
    for each in opened:
        each.hang_up()


@pytest.fixture
def in_process(releases, tmp_path, monkeypatch):
    """Runs something with a front in this process: `use(front)`, once all is loaded."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    levels = {name: logging.getLogger(name).level for name in ("bento_service",)}

    async def pages(scope, receive, send):
        """What stands behind the front."""

    @asynccontextmanager
    async def started(*routes, **front):
        app = App(Settings(releases_uri=str(releases)), packed=None, version="", bentoml=dict)
        app.routes.extend(routes)
        app.start()
        try:
            yield Front(app, pages, **front)
        finally:
            await app.stop()

    def run(use, *routes, **front):
        async def all_of_it():
            async with started(*routes, **front) as running:
                return await use(running)

        return asyncio.run(all_of_it())

    yield run
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def asked(
    front, path, method="POST", body=b"", headers=(), receive=None, address="127.0.0.1"
):
    """Ask a front; returns status, headers and body of its answer."""
    sent = []

    async def send(message):
        sent.append(message)

    async def whole():
        return {"type": "http.request", "body": body}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "client": (address, 50000),
        "headers": [(b"content-type", b"application/json"), *headers],
    }
    await front(scope, receive or whole, send)
    start, *pieces = sent
    return start["status"], dict(start["headers"]), b"".join(piece["body"] for piece in pieces)
