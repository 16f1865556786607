"""`python -m titanic_assets.stack run` (which is `make run`) and `... doctor`."""

import argparse
import os
import sys
from pathlib import Path

from titanic_assets.settings import CHECKOUT, WrongSetting, load_settings
from titanic_assets.stack.doctor import examine
from titanic_assets.stack.only_one import AlreadyRunning, HomeNotWritable
from titanic_assets.stack.ports import NoSuchAddress, PortTaken
from titanic_assets.stack.supervisor import Stack
from titanic_assets.stack.surroundings import child_environment, read_dotenv


def main() -> int:
    """Read the command line and the settings, and do it."""
    parser = argparse.ArgumentParser(prog="python -m titanic_assets.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="bring up Dagster and MLflow, train the first model")
    run.add_argument(
        "--workspace",
        type=Path,
        default=CHECKOUT / "workspace.yaml",
        help="where Dagster finds the graph (default: %(default)s)",
    )
    commands.add_parser("doctor", help="say what this machine has and what is set")
    arguments = parser.parse_args()

    inherited = dict(os.environ)
    dotenv = read_dotenv(CHECKOUT / ".env")
    os.environ.update(dotenv | inherited)
    try:
        settings = load_settings()
        if arguments.command == "doctor":
            return examine(settings, dotenv)
        environment = child_environment(inherited, dotenv, settings)
        return Stack(settings, environment, arguments.workspace).run()
    except (WrongSetting, AlreadyRunning, HomeNotWritable, NoSuchAddress, PortTaken) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
