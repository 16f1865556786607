"""Makes models champion and takes that back, saying what is done as it is done."""

import argparse
import sys

from titanic_assets.releasing.by_hand import promote_by_hand, roll_back_by_hand
from titanic_assets.releasing.going_live import NotLive
from titanic_assets.releasing.publish import NoChampion
from titanic_assets.settings import WrongSetting
from titanic_assets.terminal import say, settings_here
from titanic_assets.tracking.http_registry import RegistryUnreachable
from titanic_assets.tracking.registry import ForeignVersion, NoRelease, NoSuchVersion
from titanic_assets.tracking.withdrawal import NoWayBack
from titanic_model.release import BrokenRelease

# Each says what to do about it.
_NOT_DONE = (
    BrokenRelease,
    ForeignVersion,
    NoChampion,
    NoRelease,
    NoSuchVersion,
    NoWayBack,
    NotLive,
    RegistryUnreachable,
    WrongSetting,
)


def main() -> int:
    """Read the command line and the settings, and do it; the exit code tells whether it was."""
    arguments = _parser().parse_args()
    try:
        settings = settings_here()
        if arguments.command == "promote":
            promote_by_hand(settings, arguments.version, arguments.why, say)
        else:
            roll_back_by_hand(settings, arguments.why, say)
    except _NOT_DONE as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that speaks to a person
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m titanic_assets.releasing", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    promoting = commands.add_parser(
        "promote",
        help="make a version champion",
        description="Make a version of the registry champion, also one that was withdrawn. "
        "promotion_sensor then takes it live.",
    )
    promoting.add_argument("version", type=int, metavar="VERSION", help="its number in MLflow")
    rolling = commands.add_parser(
        "rollback",
        help="make the champion before this one live again",
        description="Withdraw the champion, which is then promoted by nobody but a person, and "
        "make the one before it live again. Ends when the service answers with that.",
    )
    for command in (promoting, rolling):
        command.add_argument("--why", default="", help="the reason, for the promotion ledger")
    return parser


if __name__ == "__main__":
    sys.exit(main())
