"""What `make run` has the graph do: train the first model, bundle it, and make it live."""

from collections.abc import Callable
from dataclasses import dataclass

from titanic_assets.settings import Settings
from titanic_assets.stack.dagster_api import Webserver
from titanic_assets.stack.runs import await_run, follow, made_a_champion, outcome

_TRAINING, _BUNDLING, _LOCATION = "training_job", "bundle_job", "titanic"


@dataclass(frozen=True)
class GraphWork:
    """Runs that are started, or found started, and followed to their end.

    `check` is called while they are waited for, and raises when there is no point in it.
    """

    webserver: Webserver
    ui: str
    settings: Settings
    say: Callable[[str], None]
    check: Callable[[], None]

    def train_and_bundle(self) -> bool:
        """From nothing to the first model that answers; returns whether one does."""
        known = self.webserver.runs(_BUNDLING)
        run = self.webserver.launch(_TRAINING, _LOCATION)
        self.say(f"no champion yet: {_TRAINING} runs, see {self._page(run)}")
        if follow(self.webserver, run, self.say, self.check):
            self.say(outcome(self.settings, run))
        if not made_a_champion(self.settings, run):
            self.say(
                "no model was promoted, so there is nothing to serve. Mend the cause and launch "
                "the run again from its page"
            )
            self.say(self._page(run))
            return False
        self.say(f"promotion_sensor sees the promotion and starts {_BUNDLING}")
        return self._follow(await_run(self.webserver, _BUNDLING, known, self.check))

    def bundle(self) -> bool:
        """From the champion to the service that answers with it; returns whether it does."""
        return self._follow(self.webserver.run_in_progress(_BUNDLING))

    def _follow(self, run: str | None) -> bool:
        """Follow the run that something else has started, or else one of ours."""
        run = run or self.webserver.launch(_BUNDLING, _LOCATION)
        self.say(f"{_BUNDLING} runs, see {self._page(run)}")
        if follow(self.webserver, run, self.say, self.check):
            return True
        self.say("the champion is not live. Mend the cause and launch the run again from its page")
        self.say(self._page(run))
        return False

    def _page(self, run: str) -> str:
        return f"{self.ui}/runs/{run}"
