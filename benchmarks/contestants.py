"""Our service, and the servers that it is measured beside."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from benchmarks.closed_loop import write_bodies
from benchmarks.processes import BenchmarkFailed
from benchmarks.served_model import make_live, passengers, publish, write_for_peers
from benchmarks.servers import Running, Server, bentoml, running, uvicorn
from bento_service.settings import Settings
from bento_service.token import issue

OURS = "this service"
GUARDED = "the same, asking for tokens and counting requests"
TWO_WORKERS = "the same with 2 workers"
DECLARED = "FastAPI + ONNX, tuned by hand"
BY_BYTES = "the same, its body read past FastAPI"
BARE = "bare ASGI + ONNX"
TUTORIAL = "BentoML + ONNX as in its tutorial"
JOBLIB = "FastAPI + joblib + pandas"

PREDICT = "/api/v1/predict"
_SERVICE = "bento_service.service:TitanicSurvival"
# What uvicorn does for others and a tuned server does without.
_TUNED = ("--no-server-header", "--no-date-header", "--no-proxy-headers", "--ws", "none",
          "--lifespan", "off")  # fmt: skip
_SAME_WITHIN = 1e-4
_COMPARED_EVERY = 100


@dataclass(frozen=True)
class Stage:
    """A folder with the model to serve, and the passengers to ask about."""

    folder: Path
    python: Path

    @property
    def releases(self) -> Path:
        """The folder of published releases."""
        return self.folder / "releases"

    @property
    def bodies(self) -> Path:
        """What is asked, one body a line."""
        return self.folder / "bodies"

    def prepare(self) -> "Stage":
        """Train, publish, and write down what will be asked."""
        publish(self.releases)
        write_bodies(self.bodies, passengers())
        return self

    def swap_to(self, version: int) -> None:
        """Make another version the live one."""
        make_live(self.releases, version)

    def ours(self, name: str = OURS, **settings: str) -> Server:
        """Our service with validation, metrics, drift, the log and request ids, as it is run."""
        return Server(
            name=name,
            command=bentoml(self.python, _SERVICE),
            path=PREDICT,
            ready="/readyz",
            settings={
                "RELEASES_URI": str(self.releases),
                "PREDICTION_LOG_URI": str(self.folder / f"log of {name}"),
            }
            | settings,
        )

    def guarded(self) -> Server:
        """Our service when it also wants to know who asks, and how often."""
        secret = secrets.token_urlsafe(32)
        token = issue(
            Settings(jwt_secret=SecretStr(secret), jwks_url=None), "benchmark", ["predict"], hours=1
        )
        server = self.ours(GUARDED, JWT_SECRET=secret, RATE_LIMIT="1000000000/minute")
        return replace(server, headers={"Authorization": f"Bearer {token}"})

    def peer(self, name: str) -> Server:
        """One of the others."""
        return next(each for each in self.peers() if each.name == name)

    def peers(self) -> list[Server]:
        """The others, with the same model."""
        model = {"PEER_MODEL": str(write_for_peers(self.folder / "model"))}
        tuned = uvicorn("benchmarks.peers.fastapi_onnx:app", *_TUNED)
        bare = uvicorn("benchmarks.peers.bare_asgi:app", *_TUNED)
        joblib = uvicorn("benchmarks.peers.fastapi_joblib:app")
        tutorial = bentoml(self.python, "benchmarks.peers.bentoml_onnx:Titanic")
        return [
            Server(DECLARED, tuned, "/predict", model),
            Server(BY_BYTES, tuned, "/bare", model),
            Server(BARE, bare, "/", model),
            Server(TUTORIAL, tutorial, "/predict", model, ready="/readyz"),
            Server(JOBLIB, joblib, "/predict", model),
        ]


@contextmanager
def all_running(servers: list[Server], folder: Path) -> Iterator[list[Running]]:
    """All of them at once, once they are known to give the same answers."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(running(server, folder / f"server {number}"))
            for number, server in enumerate(servers)
        ]
        require_same_answers(started)
        yield started


def require_same_answers(servers: list[Running]) -> None:
    """Raise when one of them does other work than the first."""
    for passenger in passengers(_COMPARED_EVERY):
        expected = servers[0].ask(passenger)["probability"]
        for other in servers[1:]:
            answered = other.ask(passenger)["probability"]
            if not abs(answered - expected) < _SAME_WITHIN:
                raise BenchmarkFailed(
                    f"{other.server.name} gives {passenger} {answered}, "
                    f"{servers[0].server.name} {expected}"
                )
