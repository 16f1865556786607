"""`python -m titanic_assets.backup make` (which is `make backup`), `... restore`, `... check`."""

import argparse
import sys
from pathlib import Path

from titanic_assets.backup.archive import read_backup
from titanic_assets.backup.making import NothingToBackUp, WrongPlace, make_backup, remove_older
from titanic_assets.backup.manifest import BrokenBackup, Manifest
from titanic_assets.backup.progress import Progress, in_words
from titanic_assets.backup.reading import UnreadableStore
from titanic_assets.backup.restoring import HomeNotEmpty, TooLittleRoom, restore
from titanic_assets.revision import code_revision
from titanic_assets.settings import CHECKOUT, Settings, WrongSetting
from titanic_assets.stack.only_one import AlreadyRunning, HomeNotWritable
from titanic_assets.terminal import say, settings_here

_WRONG = (
    AlreadyRunning,
    BrokenBackup,
    HomeNotEmpty,
    HomeNotWritable,
    NothingToBackUp,
    OSError,
    TooLittleRoom,
    UnreadableStore,
    WrongPlace,
    WrongSetting,
)


def main() -> int:
    """Read the command line and the settings, and do it."""
    arguments = _parser().parse_args()
    try:
        settings = settings_here()
        if arguments.command == "make":
            _make(settings, arguments.to, arguments.keep)
        elif arguments.command == "restore":
            _restore(settings, arguments.file)
        else:
            _check(arguments.file)
    except _WRONG as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that speaks to a person
        return 1
    except KeyboardInterrupt:
        say("stopped; nothing was written")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m titanic_assets.backup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="back up TITANIC_HOME, also while everything runs")
    make.add_argument(
        "--to",
        type=Path,
        default=CHECKOUT / "backups",
        metavar="FOLDER",
        help="where to; best on another disk (default: backups in the checkout)",
    )
    make.add_argument(
        "--keep",
        type=_at_least_one,
        metavar="N",
        help="then remove all backups in that folder but the newest N",
    )
    for name, words in {
        "restore": "unpack a backup to TITANIC_HOME, which must be empty",
        "check": "read all of a backup, and say what is in it",
    }.items():
        command = commands.add_parser(name, help=words)
        command.add_argument("file", type=_a_file, metavar="FILE", help="the backup")
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _a_file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(
            f"there is no backup {text!r}; name one: make restore FROM=file"
        )
    return path


def _make(settings: Settings, folder: Path, keep: int | None) -> None:
    progress = Progress(say)
    made, manifest = make_backup(settings, folder, progress)
    for outdated in remove_older(made.parent, keep) if keep else ():
        progress.say(f"removed {outdated.name}, which is older")
    progress.say(f"{made} ({in_words(made.stat().st_size)})")
    _say_what_is_not_in_it(manifest)


def _restore(settings: Settings, file: Path) -> None:
    home = settings.places.home
    progress = Progress(say)
    manifest = restore(file, home, progress)
    progress.say(f"{home} is as {manifest.home} was at {_moment(manifest)}")
    if manifest.code_revision != code_revision(CHECKOUT):
        say(f"it was made with revision {manifest.code_revision} of the project")
    _say_what_is_not_in_it(manifest)


def _check(file: Path) -> None:
    with Progress(say).doing("checked") as step:
        manifest = read_backup(file, passed=step.passed)
    say(f"{len(manifest.files):,} files of {manifest.home} as they were at {_moment(manifest)}")
    say(f"made with revision {manifest.code_revision} of the project")
    _say_what_is_not_in_it(manifest)


def _say_what_is_not_in_it(manifest: Manifest) -> None:
    for place in manifest.elsewhere:
        say(f"NOT in this backup: {place}")
    for name in manifest.left_out:
        say(f"NOT in this backup: {name}, which was still being written")


def _moment(manifest: Manifest) -> str:
    return f"{manifest.made:%Y-%m-%d %H:%M:%S} UTC"


if __name__ == "__main__":
    sys.exit(main())
