"""Removes what only installing took, or only a compiler reads: run once, while an image is built.

Bytecode stays for what the service needs to start and to answer; a package brings much besides.
The service is served once to find out.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

_TESTS = {"test", "tests"}
_FOR_COMPILERS = {".c", ".h", ".hpp", ".pxd", ".pyi", ".pyx"}
_PORT = 3000
_READY_WITHIN_SECONDS = 120
_ASKED = ("/api/v1/predict", "/api/v1/explain")
_LOOKED_AT = ("/api/v1/model", "/metrics", "/docs.json", "/ui", "/")


def slim(packages: Path, used: set[Path]) -> None:
    """Remove it all from a folder of packages; `used` are the modules whose bytecode is kept."""
    for folder in sorted(_folders(packages, _TESTS)):
        shutil.rmtree(folder, ignore_errors=True)
    for path in sorted(packages.rglob("*")):
        if path.suffix in _FOR_COMPILERS or (path.suffix == ".pyc" and path not in used):
            path.unlink()
    for cache in sorted(packages.rglob("__pycache__")):
        if not any(cache.iterdir()):
            cache.rmdir()
    # The same packages are the same layer, whichever bento they are for.
    for folder in (packages, *_folders(packages)):
        os.utime(folder, (0, 0))


def compiled(traces: Path) -> set[Path]:
    """The bytecode files beside the sources, of which Python put copies under `traces`."""
    return {
        Path("/", copy.parent.relative_to(traces), "__pycache__", copy.name)
        for copy in traces.rglob("*.pyc")
    }


def _folders(place: Path, names: Iterable[str] = ()) -> Iterator[Path]:
    wanted = set(names)
    for path in place.rglob("*"):
        if path.is_dir() and not path.is_symlink() and (not wanted or path.name in wanted):
            yield path


def _serve_once(traces: Path) -> None:
    """Serve the bento until it has answered, with a place of its own for bytecode."""
    surroundings = {
        **os.environ,
        "AUTH": "off",
        "BENTOML_HOME": str(traces / "home"),
        "PYTHONPYCACHEPREFIX": str(traces),
    }
    command = ["bentoml", "serve", os.environ["BENTO_PATH"], "--port", str(_PORT)]
    with subprocess.Popen(  # noqa: S603 - our own service
        command, env=surroundings, start_new_session=True
    ) as service:
        try:
            deadline = time.monotonic() + _READY_WITHIN_SECONDS
            while not _answers("/readyz"):
                if service.poll() is not None or time.monotonic() > deadline:
                    sys.exit("the service does not start in its image (see above)")
                time.sleep(0.1)
            passenger = json.dumps({"pclass": 3, "sex": "male"}).encode()
            if not all(
                [*(_answers(path, passenger) for path in _ASKED), *map(_answers, _LOOKED_AT)]
            ):
                sys.exit("the service does not answer in its image (see above)")
        finally:
            os.killpg(service.pid, signal.SIGKILL)


def _answers(path: str, body: bytes | None = None) -> bool:
    request = Request(f"http://127.0.0.1:{_PORT}{path}", body, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=10):  # noqa: S310 - our own service
            return True
    except OSError:
        return False


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        _serve_once(Path(folder))
        slim(Path(sysconfig.get_path("purelib")), compiled(Path(folder)))
