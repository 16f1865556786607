"""How the service begins and ends."""

import asyncio
import json
import signal
import socket
import time

import httpx
import psutil
import pytest

from bento_service.front import Front
from bento_service.settings import Settings
from tests.service.logged import EVENT
from tests.service.serving import start_service, wait_until

_BODY = json.dumps({"pclass": 1, "sex": "female"}).encode()


class HalfARequest:
    """A request whose body is not all there yet, in flight for as long as it has to be."""

    def __init__(self, service):
        host, port = service.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=20)
        self._socket.sendall(
            b"POST /api/v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\n"
            b"X-Request-ID: in-flight\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY[:5])
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def finish(self):
        self._socket.sendall(_BODY[5:])
        answer = b""
        while b'"request_id"' not in answer:
            part = self._socket.recv(65536)
            assert part, f"the connection was closed: {answer}"
            answer += part
        return answer


def listens(service):
    try:
        httpx.get(f"{service.url}/livez", trust_env=False).raise_for_status()
    except httpx.TransportError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_flight_is_answered_and_logged_before_the_end(serve, how, tmp_path):
    log = tmp_path / "log"
    service = serve(prediction_log_uri=log)
    for _ in range(5):
        service.predict()
    workers = service.workers()
    with HalfARequest(service) as in_flight:
        wait_until(lambda: service.metrics()["titanic_requests_in_flight"] == 1)
        service.process.send_signal(how)
        wait_until(lambda: not listens(service), 10, "it goes on listening")
        answer = in_flight.finish()
    assert answer.startswith(b"HTTP/1.1 200")
    began = time.monotonic()
    assert service.process.wait(20) == 0
    assert time.monotonic() - began < 8
    assert not psutil.wait_procs(workers, 5)[1]
    assert not list(log.rglob("*.open"))
    logged = [
        EVENT.validate_json(line)
        for segment in log.rglob("*.jsonl")
        for line in segment.read_bytes().splitlines()
    ]
    assert len(logged) == 6
    assert "in-flight" in {event.request_id for event in logged}
    assert "Traceback" not in service.log
    assert "exception" not in service.log


def test_without_any_release_it_says_what_to_do(tmp_path):
    service = start_service(tmp_path, wait=False)
    try:
        wait_until(lambda: listens(service), 40)
        assert service.client.get("/readyz").status_code == 503
        model = service.client.get("/api/v1/model").json()
        assert (model["champion"], model["source"]) == (None, "packed")
        assert "RELEASES_URI" in model["unreachable"]
        assert service.client.get("/api/v1/models").json() == {"models": [], "all": 0}
        refused = service.predict()
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "no_release")
        assert "titanic_releases_behind 1.0" in service.client.get("/metrics").text
    finally:
        service.stop()


def test_it_is_ready_when_it_is_warm(service):
    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
    live = next(place for place, line in enumerate(lines) if line["event"] == "live")
    begun = next(place for place, line in enumerate(lines) if "initialized" in line["event"])
    assert live < begun


class Unable:
    """An application that cannot begin."""

    routes = ()
    settings = Settings()

    def start(self):
        raise OSError("no room")


def test_a_worker_that_cannot_begin_does_not_serve():
    said = []

    async def send(message):
        said.append(message)

    front = Front(Unable(), bentoml=None)
    asyncio.run(front({"type": "lifespan"}, receive=None, send=send))
    assert said == [{"type": "lifespan.startup.failed", "message": "OSError('no room')"}]
