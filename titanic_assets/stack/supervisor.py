"""`make run`: everything up, the first model trained and served, all of it watched and stopped."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from titanic_assets.feature_store import registry_file
from titanic_assets.releasing import BENTO_NAME, NOTHING_TO_SERVE
from titanic_assets.settings import Settings, reachable
from titanic_assets.stack import api, processes
from titanic_assets.stack.crew import Crew, NotReady
from titanic_assets.stack.dagster_api import DagsterSays, Webserver, answers
from titanic_assets.stack.first_run import JOB, LOCATION, follow, outcome
from titanic_assets.stack.only_one import the_only_one
from titanic_assets.stack.ports import ports_of, require_free
from titanic_assets.stack.processes import Child, ChildDied
from titanic_assets.stack.signals import Stopped, hurrying, raising_stopped
from titanic_assets.stack.stores import NO_CHAMPION

_WATCH_EVERY_SECONDS = 0.5


@dataclass
class Stack:
    """Dagster, MLflow, the features and the API on one home."""

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
                if not self._come_up():
                    self._train()
                    self._serve()
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

    @property
    def ui(self) -> str:
        """Where a browser on this machine finds Dagster."""
        return f"http://localhost:{self.settings.ui_port}"

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

    def _come_up(self) -> bool:
        """Bring everything up; returns whether there is a champion already."""
        self.settings.places.landing.mkdir(parents=True, exist_ok=True)
        self._say("opening the stores of Dagster and MLflow")
        dagster_store = self._start_module("dagster-store", "stores", "dagster")
        mlflow_store = self._start_module("mlflow-store", "stores", "mlflow")
        self.crew.finish(dagster_store)
        self._say("starting Dagster")
        dagster = self.crew.start(
            "dagster", "-m", "dagster", "dev", "--workspace", str(self.workspace),
            "--host", self.settings.bind_host, "--port", str(self.settings.ui_port),
        )  # fmt: skip
        has_champion = self.crew.finish(mlflow_store, also=[NO_CHAMPION]) != NO_CHAMPION
        if has_champion:  # otherwise training needs the processor more
            self._say("there is a champion already, so nothing is trained now")
            self._serve()
        self.crew.wait_for(dagster, self.webserver.is_up)
        self._say(f"Dagster answers on {self.ui}")
        self.webserver.require_loaded()
        self.webserver.dismiss_welcome()
        return has_champion

    def _train(self) -> None:
        run = self.webserver.launch(JOB, LOCATION)
        page = f"{self.ui}/runs/{run}"
        self._say(f"no champion yet: {JOB} runs, see {page}")
        self._start_mlflow()
        if follow(self.webserver, run, self._say, self.crew.require_all_alive):
            self._say(outcome(self.settings, run))
        else:
            self._say(
                "no model was promoted. Mend the cause and launch the run again from its page"
            )
            self._say(page)

    def _serve(self) -> None:
        """Publish the champion, build its bento and start that, unless there is no such thing."""
        self._say("publishing the champion and building its bento")
        releasing = self.crew.start("release", "-m", "titanic_assets.releasing")
        code = self.crew.finish(releasing, also=[NOTHING_TO_SERVE])
        said = releasing.log.read_text(errors="replace").splitlines()
        tags = [line for line in said if line.startswith(f"{BENTO_NAME}:")]
        for line in said:
            if line not in tags:
                self._say(f"  {line}")
        if code == NOTHING_TO_SERVE:
            self._say("there is nothing to serve, so the API stays down")
            return
        self._say(f"serving bento {tags[-1]}")
        service = self.crew.start(
            "api",
            *api.command(tags[-1], self.settings),
            environment=api.environment(self.environment, self.settings, self._features),
            folder=self.settings.places.home,
        )
        features = self._start_module("features", "feature_server")
        self._start_mlflow()
        self.crew.wait_for(service, lambda: answers(f"{self._api}/readyz"))
        self._say(api.ask(self._api))
        if registry_file(self.settings.places.feature_store).exists():
            self.crew.wait_for(features, lambda: answers(f"{self._features}/health"))
        else:
            self._say("no online features yet: predictions by passenger id come with the next run")

    def _start_mlflow(self) -> Child | None:
        """Start MLflow's server, or find it started; None when another machine's is used."""
        if not self.settings.serves_mlflow:
            return None
        return self.crew.find("mlflow") or self.crew.start(
            "mlflow", "-m", "mlflow", "server", "--workers", "1", "--no-serve-artifacts",
            "--host", self.settings.bind_host, "--port", str(self.settings.mlflow_port),
        )  # fmt: skip

    def _say_where(self) -> None:
        mlflow = self._start_mlflow()
        if mlflow:
            health = f"{self._address(self.settings.mlflow_port)}/health"
            self.crew.wait_for(mlflow, lambda: answers(health))
        self._say("ready; Ctrl-C stops everything")
        served = f"http://localhost:{self.settings.api_port}"
        lines = [
            f"Dagster   {self.ui}",
            f"MLflow    {self.settings.mlflow_ui}",
            *([f"API       {served}", f"page      {served}/ui"] if self.crew.find("api") else []),
            f"landing   {self.settings.places.landing}   (drop a passenger list here)",
            f"logs      {self.crew.logs}",
        ]
        print("\n" + "\n".join(f"  {line}" for line in lines) + "\n", flush=True)

    def _watch(self) -> NoReturn:
        while True:
            self.crew.require_all_alive()
            time.sleep(_WATCH_EVERY_SECONDS)

    def _start_module(self, name: str, module: str, *arguments: str) -> Child:
        return self.crew.start(name, "-m", f"titanic_assets.stack.{module}", *arguments)

    @property
    def _api(self) -> str:
        return self._address(self.settings.api_port)

    @property
    def _features(self) -> str:
        return self._address(self.settings.features_port)

    def _address(self, port: int) -> str:
        return f"http://{reachable(self.settings.bind_host)}:{port}"

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)
