"""`python -m titanic_assets.releasing.bentos`: BentoML's own commands on the store of this home.

`build` builds the bento of what is live, or finds it there. The others are `bentoml list`,
`bentoml export` and `bentoml import`, which know nothing of TITANIC_HOME.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from titanic_assets.releasing import BENTO_NAME, NOTHING_TO_SERVE
from titanic_assets.releasing.bundle import Bento, NotBuilt, build_bento
from titanic_assets.releasing.proving import NotProven
from titanic_assets.settings import Settings, WrongSetting
from titanic_assets.stack.surroundings import NO_TELEMETRY
from titanic_assets.terminal import say, settings_here
from titanic_model.published import read_current
from titanic_model.release import BrokenRelease


class NothingLive(RuntimeError):
    """No release is live, so there is no champion's bento."""


def champions_bento(settings: Settings) -> Bento:
    """The bento of the champion that is live, built unless it is there."""
    releases = settings.places.releases
    current = read_current(releases)
    if current is None:
        raise NothingLive(f"no release is live in {releases}: `make run` trains and promotes one")
    return build_bento(releases / current.champion, settings)


def bentoml_environment(settings: Settings) -> dict[str, str]:
    """For BentoML's programs: the store of this home, and what else this machine has set."""
    inherited: Mapping[str, str] = os.environ
    return {
        **{name: value for name, value in inherited.items() if not name.startswith("BENTO")},
        **NO_TELEMETRY,
        "BENTOML_HOME": str(settings.places.bentoml),
        # Else it cuts tags off, where nobody has said how wide a line may be.
        "COLUMNS": os.environ.get("COLUMNS", "120"),
    }


def main() -> int:
    """Read the command line and the settings, and do it."""
    arguments = _parser().parse_args()
    try:
        settings = settings_here()
        if arguments.command == "build":
            bento = champions_bento(settings)
            say(bento.tag)
            return 0
        if arguments.command == "export":
            return _export(arguments.tag or champions_bento(settings).tag, arguments.to, settings)
        words = [word for name, word in vars(arguments).items() if name != "command"]
        return _bentoml([arguments.command, *words], settings)
    except (BrokenRelease, NothingLive, NotBuilt, NotProven) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that speaks to a person
        return NOTHING_TO_SERVE
    except WrongSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that speaks to a person
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m titanic_assets.releasing.bentos")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the champion's bento, or find it; prints its tag")
    listed = commands.add_parser("list", help="the bentos of this home")
    listed.set_defaults(name=BENTO_NAME)
    export = commands.add_parser("export", help="a bento with its release, as one file")
    export.add_argument("to", metavar="TO", help="a folder (with a slash behind it), or a file")
    export.add_argument("tag", metavar="TAG", nargs="?", help="unnamed, it is the champion's")
    of_file = commands.add_parser("import", help="a bento that was exported, into this home")
    of_file.add_argument("file", metavar="FROM")
    return parser


def _export(tag: str, to: str, settings: Settings) -> int:
    """BentoML wants the folder to be there, and without the slash takes its name for a file's."""
    folder = Path(to) if to.endswith("/") else Path(to).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"cannot export to {to}: {error.strerror}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return _bentoml(["export", tag, to], settings)


def _bentoml(words: list[str], settings: Settings) -> int:
    command = [sys.executable, "-m", "bentoml", *words]
    return subprocess.run(  # noqa: S603 - BentoML's own program
        command, env=bentoml_environment(settings), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
