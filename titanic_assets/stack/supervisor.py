"""`make run`: everything up, the first model trained and served, all of it watched and stopped.

Training, bundling and going live are the graph's work. This starts the runs, shows what they do,
and starts the API when there is a bento.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from titanic_assets.releasing import NOTHING_TO_SERVE
from titanic_assets.settings import Settings, reachable
from titanic_assets.stack import processes
from titanic_assets.stack.crew import Crew, NotReady
from titanic_assets.stack.dagster_api import DagsterSays, Webserver, answers
from titanic_assets.stack.graph_work import GraphWork
from titanic_assets.stack.only_one import the_only_one
from titanic_assets.stack.ports import ports_of, require_free
from titanic_assets.stack.processes import Child, ChildDied
from titanic_assets.stack.serving import Serving
from titanic_assets.stack.signals import Stopped, hurrying, raising_stopped
from titanic_assets.stack.stores import NO_CHAMPION

_WATCH_EVERY_SECONDS = 0.5


@dataclass
class Stack:
    """Dagster, MLflow, the monitor, the features and the API on one home."""

    settings: Settings
    environment: Mapping[str, str]
    workspace: Path
    began: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        """Come up, train unless there is a champion, serve it and watch; returns the exit code."""
        home = self.settings.places.home
        with the_only_one(home, self.ui), raising_stopped():
            code = 0
            try:
                self._make_way()
                self._begin()
                self._say_where()
                self._watch()
            except Stopped:
                print("\nstopping", flush=True)
            except (ChildDied, NotReady, DagsterSays) as error:
                print(f"{error}\nstopping", file=sys.stderr, flush=True)
                code = 1
            finally:
                with hurrying(lambda: processes.kill(home)):
                    self.crew.stop()
            print(f"stopped; what was made stays in {home}", flush=True)
            return code

    @cached_property
    def crew(self) -> Crew:
        """What was started."""
        return Crew(self.settings.places.home, self.environment)

    @cached_property
    def serving(self) -> Serving:
        """The API."""
        serving = Serving(self.settings, self.crew, self._say)
        return replace(serving, before=serving.bundled())

    @property
    def ui(self) -> str:
        """Where a browser on this machine finds Dagster."""
        return f"http://localhost:{self.settings.ui_port}"

    @property
    def _served(self) -> str:
        return f"http://localhost:{self.settings.api_port}"

    @property
    def webserver(self) -> Webserver:
        """Dagster's webserver, as seen from here."""
        return Webserver(self._address(self.settings.ui_port))

    def _make_way(self) -> None:
        """End what a killed stack left on this home, and see that the ports are free."""
        left = processes.kill(self.settings.places.home)
        if left:
            self._say(f"ended {left} processes that a killed `make run` had left behind")
        require_free(ports_of(self.settings), self.settings.bind_host)

    def _begin(self) -> None:
        """Bring everything up, and let the graph make what is not there yet."""
        has_champion = self._come_up()
        work = GraphWork(self.webserver, self.ui, self.settings, self._say, self._check)
        if has_champion:
            self._say("there is a champion already, so nothing is trained now")
            if self.serving.up:
                return
            is_live = work.bundle()
        else:
            self._start_mlflow()
            is_live = work.train_and_bundle()
        if is_live:
            self.serving.greet()
        elif not self.serving.up:
            self._say("the API starts as soon as there is a bento")

    def _come_up(self) -> bool:
        """Bring up all but what needs the graph's work first; returns whether there is a champion.

        Where a bento is there that may be served, it is, without waiting for Dagster.
        """
        self.settings.places.landing.mkdir(parents=True, exist_ok=True)
        self._say("opening the stores of Dagster and MLflow")
        dagster_store = self._start_module("dagster-store", "stores", "dagster")
        mlflow_store = self._start_module("mlflow-store", "stores", "mlflow")
        served = self._start_module("served", "served")
        servable = self.crew.finish(served, also=[NOTHING_TO_SERVE]) != NOTHING_TO_SERVE
        if servable:
            self.serving.start(served.log.read_text().split()[-1])
        self.crew.finish(dagster_store)
        self._say("starting Dagster")
        dagster = self.crew.start(
            "dagster", "-m", "dagster", "dev", "--workspace", str(self.workspace),
            "--host", self.settings.bind_host, "--port", str(self.settings.ui_port),
        )  # fmt: skip
        has_champion = self.crew.finish(mlflow_store, also=[NO_CHAMPION]) != NO_CHAMPION
        if has_champion:  # otherwise training needs the processor more
            self._start_mlflow()
        if servable:
            self.serving.greet()
        self.crew.wait_for(dagster, self.webserver.is_up)
        self._say(f"Dagster answers on {self.ui}")
        self.webserver.require_loaded()
        self.crew.start("monitor", "-m", "titanic_assets.monitor")
        self.webserver.dismiss_welcome()
        return has_champion

    def _check(self) -> None:
        """What is to be done while something is waited for."""
        self.crew.require_all_alive()
        self.serving.start_if_bundled()

    def _start_mlflow(self) -> Child | None:
        """Start MLflow's server, or find it started; None when another machine's is used."""
        if not self.settings.serves_mlflow:
            return None
        return self.crew.find("mlflow") or self.crew.start(
            "mlflow", "-m", "mlflow", "server", "--workers", "1", "--no-serve-artifacts",
            "--host", self.settings.bind_host, "--port", str(self.settings.mlflow_port),
        )  # fmt: skip

    def _say_where(self) -> None:
        if monitor := self.crew.find("monitor"):
            alive = f"{self._address(self.settings.monitor_port)}/livez"
            self.crew.wait_for(monitor, lambda: answers(alive))
        mlflow = self._start_mlflow()
        if mlflow:
            health = f"{self._address(self.settings.mlflow_port)}/health"
            self.crew.wait_for(mlflow, lambda: answers(health))
        self._say("ready; Ctrl-C stops everything")
        served = self._served
        lines = [
            f"Dagster   {self.ui}",
            f"MLflow    {self.settings.mlflow_ui}",
            *([f"API       {served}", f"page      {served}/ui"] if self.serving.up else []),
            f"monitor   {self.settings.monitor_ui}",
            f"landing   {self.settings.places.landing}   (drop a passenger list here)",
            f"logs      {self.crew.logs}",
        ]
        print("\n" + "\n".join(f"  {line}" for line in lines) + "\n", flush=True)

    def _watch(self) -> NoReturn:
        while True:
            was_up = self.serving.up
            self._check()
            if self.serving.up and not was_up:
                self._greet_late()
            time.sleep(_WATCH_EVERY_SECONDS)

    def _greet_late(self) -> None:
        """What could not be served at first is: nobody stops the rest if that fails again."""
        try:
            self.serving.greet()
        except NotReady as error:
            self._say(str(error))
        else:
            print(f"\n  API       {self._served}\n  page      {self._served}/ui\n", flush=True)

    def _start_module(self, name: str, module: str, *arguments: str) -> Child:
        return self.crew.start(name, "-m", f"titanic_assets.stack.{module}", *arguments)

    def _address(self, port: int) -> str:
        return f"http://{reachable(self.settings.bind_host)}:{port}"

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)
