"""`make demo-drift`: other passengers than the model was trained on, and what comes of it.

Brings up a stack of its own, in a home beside TITANIC_HOME with -demo behind its name, which is
made anew each time. UI_PORT and the other ports move it; SLACK_WEBHOOK_URL has alerts sent there.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from titanic_assets.demo.home import SomebodyElses, demo_home, make_anew
from titanic_assets.demo.own_stack import OwnStack, StackEnded, environment
from titanic_assets.demo.receiver import receiving
from titanic_assets.demo.story import Story, StoryBroke
from titanic_assets.demo.traffic import NotAnswered
from titanic_assets.settings import Settings, WrongSetting, load_settings
from titanic_assets.stack import processes
from titanic_assets.stack.dagster_api import DagsterSays
from titanic_assets.stack.only_one import AlreadyRunning, HomeNotWritable
from titanic_assets.stack.signals import Stopped, hurrying, raising_stopped
from titanic_assets.terminal import say, settings_here

_WATCH_EVERY_SECONDS = 0.5


def main() -> int:
    """Read the command line and the settings, and tell the story; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="make demo-drift",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stop", action="store_true", help="end when the story has")
    arguments = parser.parse_args()
    try:
        settings = settings_here()
        home = demo_home(settings)
        make_anew(home, settings.dagster_ui)
    except (WrongSetting, AlreadyRunning, HomeNotWritable, SomebodyElses) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return Demo(home, settings.slack_webhook_url).run(stay=not arguments.stop)


@dataclass
class Demo:
    """One demo, from the stack that comes up to the stack that is stopped."""

    home: Path
    webhook: SecretStr | None
    began: float = field(default_factory=time.monotonic)

    def run(self, *, stay: bool) -> int:
        """Tell the story; returns the exit code."""
        code = 0
        ending = ExitStack()
        with raising_stopped():
            try:
                code = self._tell(ending, stay=stay)
            except Stopped:
                say("")
            except StackEnded as error:
                self._say(str(error))
                code = 1
            finally:
                say("stopping")
                with hurrying(lambda: processes.kill(self.home)):
                    ending.close()
        say(f"stopped; what was made stays in {self.home} until the next demo")
        return code

    def _tell(self, ending: ExitStack, *, stay: bool) -> int:
        webhook = (
            self.webhook.get_secret_value()
            if self.webhook
            else ending.enter_context(receiving(lambda text: self._say(f"ALERT  {text}")))
        )
        os.environ.update(environment(self.home, webhook))
        settings = load_settings()
        stack = OwnStack(self.home, lambda line: say(f"  | {line}"))
        ending.callback(stack.stop)
        stack.wait_until_ready()
        code = 0
        try:
            Story(settings, self._say, stack.check).tell()
        except (StoryBroke, NotAnswered, DagsterSays, OSError) as error:
            # The stack stays, for whoever wants to see why.
            self._say(f"the story does not go on: {error}")
            code = 1
        _links(settings)
        if stay:
            self._say("the end; Ctrl-C stops everything")
        while stay:
            stack.check()
            time.sleep(_WATCH_EVERY_SECONDS)
        return code

    def _say(self, text: str) -> None:
        say(f"[{time.monotonic() - self.began:5.1f} s] {text}")


def _links(settings: Settings) -> None:
    ui = settings.dagster_ui
    say(
        f"""
  the drift report      {ui}/assets/drift_report
  the performance       {ui}/assets/performance_report
  who is champion       {ui}/assets/champion_model
  runs                  {ui}/runs
  reports in MLflow     {settings.mlflow_ui}
  alerts                {settings.monitor_ui}/alerts
  the window, the page  http://localhost:{settings.api_port}/ui
"""
    )


if __name__ == "__main__":
    sys.exit(main())
