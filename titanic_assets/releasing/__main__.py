"""Makes models champion, takes that back, and makes live what is champion.

Without a command it publishes what the aliases name and builds the bento of it. What is done is
said as it is done; the last line is then the bento's tag.
"""

import argparse
import os
import sys
import time

from titanic_assets.releasing import NOTHING_TO_SERVE
from titanic_assets.releasing.by_hand import promote_by_hand, roll_back_by_hand
from titanic_assets.releasing.going_live import NotLive
from titanic_assets.releasing.publish import NoChampion, publish
from titanic_assets.settings import CHECKOUT, Settings, WrongSetting, load_settings
from titanic_assets.stack.surroundings import read_dotenv
from titanic_assets.tracking.http_registry import RegistryUnreachable
from titanic_assets.tracking.registry import ForeignVersion, NoRelease, NoSuchVersion, Registry
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


def release(settings: Settings) -> str:
    """Do both, one after the other; returns the bento's tag."""
    from titanic_assets.releasing.bundle import build_bento

    releases = settings.places.releases
    published = publish(Registry(settings.tracking_uri), releases)
    live = published.current
    _say(f"version {published.champion.version} is live as release {live.champion}")
    if published.challenger:
        _say(f"version {published.challenger.version} is its challenger")
    if published.challenger_problem:
        _say(f"there is no challenger: {published.challenger_problem}")
    began = time.monotonic()
    bento = build_bento(releases / live.champion, settings)
    if bento.reused:
        _say(f"bento {bento.version} is there already")
    else:
        _say(f"bento {bento.version} built in {time.monotonic() - began:.1f} s")
    return bento.tag


def main() -> int:
    """Read the command line and the settings, and do it; the exit code tells whether it was."""
    arguments = _parser().parse_args()
    os.environ.update(read_dotenv(CHECKOUT / ".env") | dict(os.environ))
    try:
        settings = load_settings()
        if arguments.command == "promote":
            promote_by_hand(settings, arguments.version, arguments.why, _say)
        elif arguments.command == "rollback":
            roll_back_by_hand(settings, arguments.why, _say)
        else:
            return _release(settings)
    except _NOT_DONE as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that speaks to a person
        return 1
    return 0


def _release(settings: Settings) -> int:
    # Here, as a rollback is in a hurry.
    from titanic_assets.releasing.bundle import NotBuilt
    from titanic_assets.releasing.proving import NotProven

    try:
        _say(release(settings))
    except (BrokenRelease, ForeignVersion, NoChampion, NoRelease, NotBuilt, NotProven) as error:
        _say(str(error))
        return NOTHING_TO_SERVE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m titanic_assets.releasing", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
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


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that speaks to a person


if __name__ == "__main__":
    sys.exit(main())
