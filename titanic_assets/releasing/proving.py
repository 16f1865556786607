"""Serves a freshly built bento once, in a clean process, and asks it its golden passengers.

What is packed may lack a file or a library, or compute otherwise than it was trained: only the
bento itself can show that it does not.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from titanic_assets.releasing.service import Service, Unreachable
from titanic_model.golden import TOLERANCE
from titanic_model.release import Release

_READY_WITHIN_SECONDS = 60
_LOOK_EVERY_SECONDS = 0.05
_LAST_LINES = 15
_WORKER_FAILED = b"Application startup failed"
# Answers have six decimals.
_ALLOWED = TOLERANCE + 1e-6


class NotProven(RuntimeError):
    """A bento that was built and does not serve its release as it should."""


def prove(tag: str, release: Release, environment: Mapping[str, str], folder: Path) -> None:
    """Serve the bento of that tag and ask it; `environment` says in which store it is.

    `folder` is where the process runs and writes its log. Raises `NotProven` with what was wrong.
    """
    log = folder / "proof.log"
    with _served(tag, environment, folder, log) as (service, process):
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not service.is_ready():
            # A worker that fails to start would be started again and again.
            if process.poll() is not None or _WORKER_FAILED in log.read_bytes():
                raise NotProven(f"{tag} does not start:\n{_end_of(log)}")
            if time.monotonic() > deadline:
                raise NotProven(
                    f"{tag} is not ready after {_READY_WITHIN_SECONDS} s:\n{_end_of(log)}"
                )
            time.sleep(_LOOK_EVERY_SECONDS)
        try:
            _ask(tag, service, release)
        except Unreachable as error:
            raise NotProven(f"{tag} starts and does not answer: {error}\n{_end_of(log)}") from None


def _ask(tag: str, service: Service, release: Release) -> None:
    live = service.state()["champion"]
    if live["digest"] != release.digest:
        raise NotProven(
            f"{tag} serves release {live['name']}, which is another than it was built of"
        )
    deviations = [
        abs(service.probability(row.passenger) - row.probability) for row in release.golden
    ]
    if not max(deviations) <= _ALLOWED:
        raise NotProven(
            f"{tag} answers the golden passengers with probabilities up to {max(deviations):.2g} "
            f"off (at most {_ALLOWED:.1e} is allowed): it computes otherwise than when the model "
            "was trained. Compare the versions in requirements/serving.txt with those of training."
        )


@contextmanager
def _served(
    tag: str, environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[tuple[Service, subprocess.Popen[bytes]]]:
    """`bentoml serve` on a free port; ended at once, as nobody else asks it."""
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - BentoML's own program
            [
                sys.executable, "-m", "bentoml", "serve", tag,
                "--host", "127.0.0.1", "--port", str(port),
            ],
            cwd=folder,
            # What Python compiles is not the bento's.
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Service(f"http://127.0.0.1:{port}"), process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        workers = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        workers = []
    process.kill()
    for worker in workers:
        try:
            worker.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    psutil.wait_procs(workers, timeout=5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
