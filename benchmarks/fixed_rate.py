"""Offers a server requests at fixed rates, whether it keeps up or not, and what came of them."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cores import CLIENT, children_on
from benchmarks.open_loop import FAILED, NEVER_SENT
from benchmarks.processes import BenchmarkFailed
from benchmarks.servers import Running
from titanic_assets.settings import CHECKOUT

CONNECTIONS = 512
_GRACE_SECONDS = 60
_SUCCESS, _REFUSED = 200, 429

Phases = Sequence[tuple[float, float]]  # rate and seconds


@dataclass(frozen=True)
class Answers:
    """What became of requests in the order they were due; times are of the monotonic clock."""

    due: NDArray[np.float64]
    sent: NDArray[np.float64]
    done: NDArray[np.float64]
    status: NDArray[np.int64]
    version: NDArray[np.int64]

    def between(self, begin: float, end: float) -> "Answers":
        """Of those that were due from `begin` to before `end`."""
        return self._where((self.due >= begin) & (self.due < end))

    @property
    def served(self) -> "Answers":
        """Of those that got what they asked for."""
        return self._where(self.status == _SUCCESS)

    @property
    def refusals(self) -> "Answers":
        """Of those that got a 429."""
        return self._where(self.status == _REFUSED)

    @property
    def failed(self) -> int:
        """How many were sent and got neither what they asked for nor a 429."""
        return int((~np.isin(self.status, (_SUCCESS, _REFUSED, NEVER_SENT))).sum())

    @property
    def never_sent(self) -> int:
        """How many found no connection in time."""
        return int((self.status == NEVER_SENT).sum())

    @property
    def not_served(self) -> int:
        """How many did not get what they asked for, for whatever reason."""
        return int((self.status != _SUCCESS).sum())

    @property
    def refused(self) -> int:
        """How many got a 429."""
        return self.refusals.count

    def milliseconds(self, percent: float) -> float:
        """From when a request was due to its answer: so many percent took at most this long."""
        return _percentile(self._done - self.due, percent)

    def milliseconds_once_sent(self, percent: float) -> float:
        """The same from when a request was sent, for those that were."""
        sent = self.status != NEVER_SENT
        return _percentile((self._done - self.sent)[sent], percent)

    def late_milliseconds(self, percent: float) -> float:
        """How late the client itself was: so many percent were sent at most this late."""
        late = (self.sent - self.due)[self.status != NEVER_SENT]
        return _percentile(late, percent)

    @property
    def _done(self) -> NDArray[np.float64]:
        return np.where(self.status <= FAILED, np.inf, self.done)

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.due)

    def _where(self, chosen: NDArray[np.bool_]) -> "Answers":
        return Answers(*(column[chosen] for column in vars(self).values()))


@contextmanager
def offering(
    running: Running, bodies: Path, phases: Phases, patience: float = float("inf")
) -> Iterator["Offer"]:
    """Have a client offer requests at these rates while the block runs.

    One that finds all connections taken waits for so many seconds and then stays away.
    """
    answers = running.folder / "answers.npz"
    command = [
        sys.executable, "-m", "benchmarks.open_loop", str(running.port), running.server.path,
        str(bodies), str(answers), str(CONNECTIONS), str(patience),
        *(f"{rate}:{seconds}" for rate, seconds in phases),
    ]  # fmt: skip
    with children_on(CLIENT):
        client = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    try:
        yield Offer(client, answers, sum(seconds for _, seconds in phases))
    finally:
        if client.poll() is None:
            client.kill()
        client.communicate()


@dataclass(frozen=True)
class Offer:
    """A client at work."""

    client: subprocess.Popen[str]
    file: Path
    seconds: float

    def answers(self) -> Answers:
        """What came of all requests, once it has sent the last."""
        _, said = self.client.communicate(timeout=self.seconds + _GRACE_SECONDS)
        if self.client.returncode:
            raise BenchmarkFailed(f"the client failed:\n{said[-2000:]}")
        with np.load(self.file) as columns:
            return Answers(**columns)


def offer(
    running: Running, bodies: Path, phases: Phases, patience: float = float("inf")
) -> Answers:
    """Offer requests at these rates, one phase after the other."""
    with offering(running, bodies, phases, patience) as client:
        return client.answers()


def _percentile(seconds: NDArray[np.float64], percent: float) -> float:
    # Requests without an answer are infinitely late; between two of those nothing is to be drawn.
    return float(np.percentile(seconds, percent, method="higher")) * 1000
