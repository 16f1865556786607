"""Runs an image as production would, asks it, and stops it while it still has something to say.

Nothing can be written but /tmp, no capability is left, and nobody is root.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from uuid import uuid4

from titanic_assets.releasing.image.engine import Engine, EngineFailed
from titanic_assets.releasing.service import Service, Unreachable
from titanic_model.golden import TOLERANCE
from titanic_model.release import Release

# How an operator should run it, too.
HARDENED = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
)
_READY_WITHIN_SECONDS = 60
_STOPPED_WITHIN_SECONDS = 30
_LOOK_EVERY_SECONDS = 0.1
_ANSWER_WITHIN_SECONDS = 20
# Answers have six decimals.
_ALLOWED = TOLERANCE + 1e-6


class TrialFailed(RuntimeError):
    """An image that does not do what it is for; with the last words of its container."""


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    model_version: str
    ready_seconds: float
    # Of the golden passengers' probabilities from the expected ones, at worst.
    deviation: float
    stop_seconds: float


@dataclass(frozen=True)
class Container:
    """A running container, and where it answers."""

    engine: Engine
    name: str
    address: tuple[str, int]

    @property
    def service(self) -> Service:
        """To be asked."""
        host, port = self.address
        return Service(f"http://{host}:{port}")

    def log(self) -> str:
        """Its last words."""
        try:
            return self.engine.run("logs", "--tail=15", self.name)
        except EngineFailed as error:
            return str(error)


def try_image(tag: str, release: Release, engine: Engine) -> Trial:
    """Run it once, from start to stop. Raises `TrialFailed`; no container is left either way."""
    began = time.monotonic()
    with running(tag, engine) as container:
        try:
            wait_until_ready(container)
            ready = time.monotonic() - began
            deviation = ask(container, release)
            stopping = time.monotonic()
            stop_while_asked(container)
        except (Unreachable, OSError, HTTPException) as error:
            raise TrialFailed(f"{tag} does not answer: {error}\n{container.log()}") from error
        return Trial(release.metadata.version, ready, deviation, time.monotonic() - stopping)


def ask(container: Container, release: Release) -> float:
    """Ask its golden passengers; how far off it is at worst. Raises `TrialFailed` when too far."""
    live = container.service.state()["champion"]
    if live["digest"] != release.digest:
        raise TrialFailed(f"the image serves release {live['name']}, which is not its own")
    deviation = max(
        abs(container.service.probability(row.passenger) - row.probability)
        for row in release.golden
    )
    if not deviation <= _ALLOWED:
        raise TrialFailed(f"the image is up to {deviation:.2g} off about golden passengers")
    return deviation


@contextmanager
def running(tag: str, engine: Engine, *options: str) -> Iterator[Container]:
    """The image in a hardened container on a free port of this machine; removed in the end."""
    name = f"titanic-trial-{uuid4().hex[:8]}"
    try:
        # Only this machine reaches the port. In a container its callers look like other machines.
        engine.run(
            "run", "--detach", "--name", name, "--publish=127.0.0.1::3000", "--env=AUTH=off",
            *HARDENED, *options, tag,
            within=60,
        )  # fmt: skip
        host, _, port = engine.run("port", name, "3000/tcp").splitlines()[0].rpartition(":")
        yield Container(engine, name, (host, int(port)))
    finally:
        with suppress(EngineFailed):
            engine.run("kill", name)  # else podman would wait for it
        engine.run("rm", "--force", name, within=60)


def wait_until_ready(container: Container) -> None:
    """Until it would answer."""
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while not container.service.is_ready():
        if time.monotonic() > deadline:
            raise TrialFailed(
                f"not ready after {_READY_WITHIN_SECONDS} s; its log ends with\n{container.log()}"
            )
        time.sleep(_LOOK_EVERY_SECONDS)


def stop_while_asked(container: Container, within: int = _STOPPED_WITHIN_SECONDS) -> None:
    """Stop it with a request in flight, which still has to get its answer."""
    body = json.dumps({"pclass": 1, "sex": "female"}).encode()
    head = (
        "POST /api/v1/predict HTTP/1.1\r\nHost: trial\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(container.address, timeout=_ANSWER_WITHIN_SECONDS) as caller:
        caller.sendall(head.encode())
        # It is being answered as soon as the service asks for the rest.
        if b" 100 " not in caller.recv(1024):
            raise TrialFailed("the service does not go on with a request that waits for its word")
        with ThreadPoolExecutor() as other:
            stopped = other.submit(_stop, container, within)
            # An engine that fails to stop it is told below.
            while not stopped.done() and _takes_calls(container.address):
                time.sleep(_LOOK_EVERY_SECONDS)
            caller.sendall(body)
            answer = HTTPResponse(caller)
            answer.begin()
            content = answer.read()
        stopped.result()
    if answer.status != HTTPStatus.OK or "probability" not in json.loads(content):
        raise TrialFailed(f"a request in flight was answered by {answer.status}: {content[:200]!r}")


def _stop(container: Container, within: int) -> None:
    container.engine.run("stop", "-t", str(within), container.name, within=60)


def _takes_calls(address: tuple[str, int]) -> bool:
    """Whether a new caller is answered, if late, as on a busy machine."""
    connection = HTTPConnection(*address, timeout=2)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
