"""Feast's own feature server over the packaged list, as `make run` has it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import run_costed
from benchmarks.servers import Running, Server, running

_ASSETS = ("raw_passengers", "quarantined_passengers", "validated_passengers",
           "passenger_features", "online_features")  # fmt: skip
_PASSENGERS = range(1, 1301, 13)


@contextmanager
def feature_server(home: Path, say: Callable[[str], None]) -> Iterator[Running]:
    """Fill an online store and serve it."""
    say("filling an online store for Feast's feature server")
    run_costed(["-m", "benchmarks.graph", str(home), "packaged", *_ASSETS], home)
    server = Server(
        name="Feast's feature server",
        command=[sys.executable, "-m", "titanic_assets.stack.feature_server"],
        path="",
        settings={"TITANIC_HOME": str(home), "FEATURES_PORT": "{port}"},
        ready="/health",
    )
    with running(server, home.with_name(f"{home.name} server")) as started:
        yield started


def write_paths(path: Path) -> Path:
    """Where passengers are asked for by id, one a line."""
    path.write_text("".join(f"/api/v1/passengers/{number}\n" for number in _PASSENGERS))
    return path
