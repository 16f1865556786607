"""`python -m titanic_assets.releasing`: publish what the aliases name, and build the bento of it.

What is done is said as it is done; the last line is the bento's tag.
"""

import sys
import time

from titanic_assets.releasing import NOTHING_TO_SERVE
from titanic_assets.releasing.bundle import NotBuilt, build_bento
from titanic_assets.releasing.proving import NotProven
from titanic_assets.releasing.publish import NoChampion, publish
from titanic_assets.settings import Settings, WrongSetting, load_settings
from titanic_assets.tracking.registry import ForeignVersion, NoRelease, Registry
from titanic_model.release import BrokenRelease


def release(settings: Settings) -> str:
    """Do both, one after the other; returns the bento's tag."""
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
    """Say it all; the exit code tells whether there is something to serve."""
    try:
        _say(release(load_settings()))
    except (BrokenRelease, ForeignVersion, NoChampion, NoRelease, NotBuilt, NotProven) as error:
        _say(str(error))
        return NOTHING_TO_SERVE
    except WrongSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that speaks to a person
        return 1
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that speaks to a person


if __name__ == "__main__":
    sys.exit(main())
