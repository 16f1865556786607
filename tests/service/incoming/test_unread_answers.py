"""Answers that nobody reads: they are seen, cost others nothing, and are given up."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import uvicorn

from bento_service.admission import WithinSeconds
from tests.service.incoming.conftest import asked
from tests.service.serving import free_port, wait_until

ROWS = 10_000
# The system takes up to 4 MB off the service's hands for each connection.
MORE_ROWS = 60_000
BATCH = "/api/v1/batch_predict"
PREDICT = "/api/v1/predict"
PASSENGER = b'{"pclass":3,"sex":"male"}'


def batch_of(rows):
    return json.dumps({"passengers": [{"pclass": 3, "sex": "male"}] * rows}).encode()


class Unread:
    """A caller who asks and does not read the answers."""

    def __init__(self, port, path, body, times=1):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(20)
        self._socket.connect(("127.0.0.1", port))
        head = (
            f"POST {path} HTTP/1.1\r\nhost: localhost\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._asking = (head.encode() + body) * times

    def ask(self):
        self._socket.sendall(self._asking)
        return self

    def read(self, end):
        """All that has been said until the connection ends, or as much as is asked for."""
        said = b""
        while len(said) < end and (part := self._socket.recv(1 << 20)):
            said += part
        return said

    def is_cut_off(self):
        try:
            return not self.read(1 << 30).endswith(b"}")
        except ConnectionResetError:
            return True

    def leave(self):
        self._socket.close()


ANSWERED = 'titanic_requests_total{route="/api/v1/batch_predict",status="200"}'


def port_of(service):
    return int(service.url.rpartition(":")[2])


def sums(service):
    return {
        name: value for name, value in service.metrics().items() if "request_seconds_sum" in name
    }


def test_they_are_seen_and_nobody_else_waits(serve):
    service = serve(max_concurrency=2, max_batch_rows=MORE_ROWS)
    body = batch_of(MORE_ROWS)
    unread = []
    try:
        for count in range(1, 5):
            unread.append(Unread(port_of(service), BATCH, body).ask())
            wait_until(lambda: service.metrics().get(ANSWERED) == count)  # noqa: B023 - at once
        wait_until(lambda: service.metrics()["titanic_requests_in_flight"] == 4)
        before = sums(service)
        assert service.predict().status_code == 200
        # Read at last, it is whole.
        said = unread[0].read(len(body))
        assert said.startswith(b"HTTP/1.1 200")
    finally:
        for each in unread:
            each.leave()
    wait_until(lambda: service.metrics()["titanic_requests_in_flight"] == 0)
    took = 'titanic_request_seconds_sum{route="/api/v1/batch_predict"}'
    assert sums(service)[took] == before[took]  # none of it is the service's time
    assert "Traceback" not in service.log


async def until(true):
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(front):
    """The front behind the real server, in this process."""
    port = free_port()
    config = uvicorn.Config(front, port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve())
    await until(lambda: server.started)
    try:
        yield port
    finally:
        server.should_exit = True
        await running


def given_up(in_process, caplog, **asking):
    """Whether such a caller is cut off, and what a good one is answered after that."""

    async def use(front):
        async with served(front) as port:
            caller = Unread(port, **asking)
            asking_it = asyncio.get_running_loop().run_in_executor(None, caller.ask)
            await until(lambda: "not read in time" in caplog.text)
            cut_off = await asyncio.to_thread(caller.is_cut_off)
            await asyncio.wait({asking_it})
            asking_it.exception()
            caller.leave()
            in_flight = front._app.in_flight
            return cut_off, in_flight, (await asked(front, PREDICT, body=PASSENGER))[0]

    return in_process(use, within=WithinSeconds(answer=0.4))


def test_a_long_one_is_given_up(in_process, caplog, monkeypatch):
    monkeypatch.setenv("MAX_BATCH_ROWS", str(MORE_ROWS))
    asking = {"path": BATCH, "body": batch_of(MORE_ROWS)}
    assert given_up(in_process, caplog, **asking) == (True, 0, 200)
    assert [record.name for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_short_ones_are_given_up_when_they_pile_up(in_process, caplog):
    asking = {"path": PREDICT, "body": PASSENGER, "times": 40_000}
    assert given_up(in_process, caplog, **asking) == (True, 0, 200)


def test_a_long_one_is_whole(service):
    answer = service.client.post(
        BATCH, content=batch_of(ROWS), headers={"content-type": "application/json"}
    )
    assert int(answer.headers["content-length"]) == len(answer.content) > 500_000
    assert len(answer.json()["predictions"]) == ROWS
