"""The API of `make run` and the features behind it: started as soon as there is a bento."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from titanic_assets.settings import Settings, reachable
from titanic_assets.stack import api
from titanic_assets.stack.crew import Crew
from titanic_assets.stack.dagster_api import answers
from titanic_assets.training.feature_store import registry_file


@dataclass
class Serving:
    """The service on one home: down at first, then up for good."""

    settings: Settings
    crew: Crew
    say: Callable[[str], None]
    # When the graph made the bento that is there already: perhaps of other code.
    before: int | None = None

    @property
    def up(self) -> bool:
        """Whether the service was started."""
        return self.crew.find("api") is not None

    def bundled(self) -> int | None:
        """When the graph made its last bento."""
        try:
            return self._value.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def start(self, tag: str) -> None:
        """Serve this bento. It waits for a release by itself, where none is live yet."""
        self.say(f"serving bento {tag}")
        self.crew.start(
            "api",
            *api.command(tag, self.settings),
            environment=api.environment(self.crew.environment, self.settings, self._features),
            folder=self.settings.places.home,
        )
        self.crew.start("features", "-m", "titanic_assets.stack.feature_server")

    def start_if_bundled(self) -> None:
        """Serve what the graph has bundled since we came, if it has and nothing is served."""
        if not self.up and self.bundled() not in (None, self.before):
            self.start(json.loads(self._value.read_text())["tag"])

    def greet(self) -> None:
        """Wait until it answers, and show a prediction."""
        service, features = self.crew.find("api"), self.crew.find("features")
        if service is None or features is None:
            return
        url = self._address(self.settings.api_port)
        self.crew.wait_for(service, lambda: answers(f"{url}/readyz"))
        self.say(api.ask(url))
        if registry_file(self.settings.places.feature_store).exists():
            self.crew.wait_for(features, lambda: answers(f"{self._features}/health"))
        else:
            self.say("no online features yet: predictions by passenger id come with the next run")

    @property
    def _value(self) -> Path:
        """Where the graph keeps the value of `serving_bundle`."""
        return self.settings.places.tables / "serving_bundle.json"

    @property
    def _features(self) -> str:
        return self._address(self.settings.features_port)

    def _address(self, port: int) -> str:
        return f"http://{reachable(self.settings.bind_host)}:{port}"
