"""A client that sends when it is time to, however long the answers before take.

    python -m benchmarks.open_loop PORT PATH BODIES ANSWERS.npz CONNECTIONS PATIENCE RATE:SECONDS...

Times are counted from when a request was due and not from when it could be sent, so that a server
that stalls is not spared the requests which had to wait for it. A request that finds no free
connection within the patience is never sent. Plain sockets and one loop: this does some 25,000
requests a second on a core of its own, and tells for each how late it was sent.
"""

import gc
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FAILED, NEVER_SENT = 0, -1  # where an answer has its status
_BEFORE_SECONDS = 0.3
_LAST_ANSWER_SECONDS = 10.0
_SENT_AT_ONCE = 16  # before answers are looked for again
_NOTHING_TO_SEND = 0.01  # seconds until it looks again
_SPIN_SECONDS = 60e-6  # to sleep for less is to oversleep
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_VERSION = b'"model_version":"'


def due_times(phases: Iterable[tuple[float, float]]) -> NDArray[np.float64]:
    """When requests are due that come at these rates, each for so many seconds."""
    began, times = 0.0, []
    for rate, seconds in phases:
        times.append(began + np.arange(round(rate * seconds)) / rate)
        began += seconds
    return np.concatenate(times)


class Connection:
    """One connection, on which at most one request is under way."""

    def __init__(self, port: int) -> None:
        self.request: int | None = None
        self.got = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)


class Client:
    """Sends requests when they are due and notes what becomes of each."""

    def __init__(self, port: int, connections: int, due: NDArray[np.float64]) -> None:
        self._port = port
        self._poll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._idle: deque[Connection] = deque()
        for _ in range(connections):
            self._connect()
        self.due: list[float] = (due + time.monotonic() + _BEFORE_SECONDS).tolist()
        self.sent = [float("nan")] * len(self.due)
        self.done = [float("nan")] * len(self.due)
        self.status = [FAILED] * len(self.due)
        self.version = [0] * len(self.due)
        self._under_way = 0

    def run(self, requests: Sequence[bytes], patience: float) -> None:
        """Send these in turn; returns when all are answered, or it has been long enough."""
        due, count, position = self.due, len(self.due), 0
        bodies = list(islice(cycle(requests), count))
        until = due[-1] + _LAST_ANSWER_SECONDS
        while (position < count or self._under_way) and time.monotonic() < until:
            for _ in range(_SENT_AT_ONCE):
                if position == count or not self._idle or due[position] > time.monotonic():
                    break
                self._send(position, bodies[position])
                position += 1
            may_send = position < count and self._idle
            self._receive(due[position] - time.monotonic() if may_send else _NOTHING_TO_SEND)
            while position < count and due[position] + patience < time.monotonic():
                self.status[position] = NEVER_SENT
                position += 1

    def _connect(self) -> None:
        connection = Connection(self._port)
        number = connection.socket.fileno()
        self._connections[number] = connection
        self._poll.register(number, select.EPOLLIN)
        self._idle.append(connection)

    def _send(self, position: int, request: bytes) -> None:
        connection = self._idle.popleft()
        self.sent[position] = time.monotonic()
        connection.request = position
        self._under_way += 1
        try:
            connection.socket.send(request)
        except OSError:
            self._lose(connection)

    def _receive(self, seconds: float) -> None:
        # epoll alone waits in whole milliseconds, which is too coarse here.
        if seconds > _SPIN_SECONDS:
            select.select([self._poll], [], [], seconds)
        for number, _ in self._poll.poll(0):
            connection = self._connections[number]
            try:
                part = connection.socket.recv(65536)
            except OSError:
                part = b""
            if not part:
                self._lose(connection)
                continue
            connection.got += part
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        got = connection.got
        head = got.find(_END_OF_HEAD)
        if head < 0:
            return
        length = got.lower().find(_LENGTH, 0, head)
        if length < 0:
            raise ValueError(f"an answer without a length: {got[:200]!r}")
        length += len(_LENGTH)
        if len(got) < head + len(_END_OF_HEAD) + int(got[length : got.find(b"\r", length)]):
            return
        position = connection.request
        if position is None:
            raise ValueError(f"an answer that nobody asked for: {got[:200]!r}")
        self.done[position] = time.monotonic()
        self.status[position] = int(got[9:12])
        at = got.find(_VERSION, head)
        if at >= 0:
            at += len(_VERSION)
            self.version[position] = int(got[at : got.find(b'"', at)])
        connection.got, connection.request = b"", None
        self._under_way -= 1
        self._idle.append(connection)

    def _lose(self, connection: Connection) -> None:
        """The server has closed it; a request on it has failed, and another takes its place."""
        if connection.request is None:
            self._idle.remove(connection)
        else:
            self._under_way -= 1
        del self._connections[connection.socket.fileno()]
        connection.socket.close()
        self._connect()


def main(
    port: str, path: str, bodies: str, answers: str, connections: str, patience: str, *phases: str
) -> None:
    """Send them, and write down when each was due, sent and answered, and how."""
    requests = [
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in Path(bodies).read_text().splitlines()
    ]
    pairs = [phase.split(":") for phase in phases]
    due = due_times((float(rate), float(seconds)) for rate, seconds in pairs)
    client = Client(int(port), int(connections), due)
    gc.disable()  # it would come at any time
    client.run(requests, float(patience))
    np.savez(
        answers,
        due=client.due,
        sent=client.sent,
        done=client.done,
        status=client.status,
        version=client.version,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
