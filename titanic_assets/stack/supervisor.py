"""`make run`: everything up, the first model trained, everything watched, everything stopped."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.stack import processes
from titanic_assets.stack.dagster_api import DagsterSays, Webserver, answers
from titanic_assets.stack.first_run import JOB, LOCATION, follow, outcome
from titanic_assets.stack.only_one import the_only_one
from titanic_assets.stack.ports import Port, require_free
from titanic_assets.stack.processes import Child, ChildDied, last_lines
from titanic_assets.stack.signals import Stopped, hurrying, raising_stopped
from titanic_assets.stack.stores import NO_CHAMPION

_READY_WITHIN_SECONDS = 120.0
_WATCH_EVERY_SECONDS = 0.5
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


class NotReady(RuntimeError):
    """Something did not come up in time."""


@dataclass
class Stack:
    """Dagster and MLflow on one home."""

    settings: Settings
    environment: Mapping[str, str]
    workspace: Path
    children: list[Child] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        """Come up, train unless there is a champion, and watch; returns the exit code."""
        home = self.settings.places.home
        with the_only_one(home, self.ui), raising_stopped():
            code = 0
            try:
                self._make_way()
                if not self._come_up():
                    self._train()
                self._say_where()
                self._watch()
            except Stopped:
                print("\nstopping", flush=True)
            except (ChildDied, NotReady, DagsterSays) as error:
                print(f"{error}\nstopping", file=sys.stderr, flush=True)
                code = 1
            finally:
                with hurrying(lambda: processes.kill(home)):
                    processes.stop(home, self.children)
            print(f"stopped; what was made stays in {home}", flush=True)
            return code

    @property
    def ui(self) -> str:
        """Where a browser on this machine finds Dagster."""
        return f"http://localhost:{self.settings.ui_port}"

    @property
    def webserver(self) -> Webserver:
        """Dagster's webserver, as seen from here."""
        return Webserver(self._address(self.settings.ui_port))

    @property
    def _serves_mlflow(self) -> bool:
        return not self.settings.tracking_uri.startswith("http")

    @property
    def _logs(self) -> Path:
        return self.settings.places.home / "logs"

    def _make_way(self) -> None:
        """End what a killed stack left on this home, and see that the ports are free."""
        left = processes.kill(self.settings.places.home)
        if left:
            self._say(f"ended {left} processes that a killed `make run` had left behind")
        ports = [Port(self.settings.ui_port, "the Dagster UI", "UI_PORT")]
        if self._serves_mlflow:
            ports.append(Port(self.settings.mlflow_port, "MLflow", "MLFLOW_PORT"))
        require_free(ports, self.settings.bind_host)

    def _come_up(self) -> bool:
        """Bring everything up; returns whether there is a champion already."""
        self.settings.places.landing.mkdir(parents=True, exist_ok=True)
        self._say("opening the stores of Dagster and MLflow")
        dagster_store = self._start_module("dagster-store", "stores", "dagster")
        mlflow_store = self._start_module("mlflow-store", "stores", "mlflow")
        self._finish(dagster_store)
        self._say("starting Dagster")
        dagster = self._start(
            "dagster", "-m", "dagster", "dev", "--workspace", str(self.workspace),
            "--host", self.settings.bind_host, "--port", str(self.settings.ui_port),
        )  # fmt: skip
        has_champion = self._finish(mlflow_store, also=NO_CHAMPION) != NO_CHAMPION
        if has_champion:  # otherwise training needs the processor more
            self._start_mlflow()
        self._wait_for(dagster, self.webserver.is_up)
        self._say(f"Dagster answers on {self.ui}")
        self.webserver.require_loaded()
        self.webserver.dismiss_welcome()
        if has_champion:
            self._say("there is a champion already, so nothing is trained now")
        return has_champion

    def _train(self) -> None:
        run = self.webserver.launch(JOB, LOCATION)
        page = f"{self.ui}/runs/{run}"
        self._say(f"no champion yet: {JOB} runs, see {page}")
        self._start_mlflow()
        if follow(self.webserver, run, self._say, self._require_all_alive):
            self._say(outcome(self.settings, run))
        else:
            self._say(
                "no model was promoted. Mend the cause and launch the run again from its page"
            )
            self._say(page)

    def _start_mlflow(self) -> Child | None:
        """Start MLflow's server, or find it started; None when another machine's is used."""
        started = [child for child in self.children if child.name == "mlflow"]
        if started or not self._serves_mlflow:
            return next(iter(started), None)
        return self._start(
            "mlflow", "-m", "mlflow", "server", "--workers", "1", "--no-serve-artifacts",
            "--host", self.settings.bind_host, "--port", str(self.settings.mlflow_port),
        )  # fmt: skip

    def _say_where(self) -> None:
        mlflow = self._start_mlflow()
        if mlflow:
            health = f"{self._address(self.settings.mlflow_port)}/health"
            self._wait_for(mlflow, lambda: answers(health))
        self._say("ready; Ctrl-C stops everything")
        print(
            f"\n  Dagster   {self.ui}"
            f"\n  MLflow    {self.settings.mlflow_ui}"
            f"\n  landing   {self.settings.places.landing}   (drop a passenger list here)"
            f"\n  logs      {self._logs}\n",
            flush=True,
        )

    def _watch(self) -> NoReturn:
        while True:
            self._require_all_alive()
            time.sleep(_WATCH_EVERY_SECONDS)

    def _require_all_alive(self) -> None:
        for child in self.children:
            child.require_alive()

    def _start_module(self, name: str, module: str, *arguments: str) -> Child:
        return self._start(name, "-m", f"titanic_assets.stack.{module}", *arguments)

    def _start(self, name: str, *arguments: str) -> Child:
        child = processes.start(
            name,
            [sys.executable, *arguments],
            self._logs / f"{name}.log",
            self.environment,
            CHECKOUT,
        )
        self.children.append(child)
        return child

    def _finish(self, child: Child, also: int = 0) -> int:
        """Wait for a process that ends by itself, with code 0 or the one that is `also` good."""
        try:
            code = child.process.wait(_READY_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotReady(f"{child.name} takes too long.\n{last_lines(child.log)}") from None
        if code not in (0, also):
            raise ChildDied(f"{child.name} failed.\n{last_lines(child.log)}")
        self.children.remove(child)
        return code

    def _wait_for(self, child: Child, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not is_ready():
            self._require_all_alive()
            if time.monotonic() > deadline:
                raise NotReady(f"{child.name} does not answer.\n{last_lines(child.log)}")
            time.sleep(0.1)

    def _address(self, port: int) -> str:
        host = _ANY_ADDRESS.get(self.settings.bind_host, self.settings.bind_host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)
