"""`python -m titanic_assets.releasing.image` (which is `make image`): the champion's, tried."""

import argparse
import sys
import time

from titanic_assets.releasing import NOTHING_TO_SERVE
from titanic_assets.releasing.bentos import NothingLive, champions_bento
from titanic_assets.releasing.bundle import NotBuilt
from titanic_assets.releasing.image import LARGEST_MB, SBOM
from titanic_assets.releasing.image.build import build_image
from titanic_assets.releasing.image.engine import EngineFailed, NoEngine, find_engine
from titanic_assets.releasing.image.report import (
    components,
    how_to_run,
    size_in_words,
    trial_in_words,
)
from titanic_assets.releasing.image.stored import NoBento
from titanic_assets.releasing.image.trial import TrialFailed, try_image
from titanic_assets.releasing.proving import NotProven
from titanic_assets.settings import Settings, WrongSetting
from titanic_assets.terminal import say, settings_here
from titanic_model.release import BrokenRelease


def make_image(settings: Settings, tag: str | None) -> int:
    """Build it, run it, ask it, and tell; of the champion's bento, or of the one of that tag."""
    began = time.monotonic()

    def tell(text: str) -> None:
        say(f"[{time.monotonic() - began:5.1f} s] {text}")

    engine = find_engine(settings.container_engine)
    if tag is None:
        bento = champions_bento(settings)
        tag = bento.tag
        tell(f"bento {tag}{' is there already' if bento.reused else ' built'}")
    built = build_image(tag, settings, engine, tell)
    tell("running it, asking it, stopping it")
    trial = try_image(built.tag, built.bento.release, engine)
    tell(trial_in_words(trial))
    say("")
    say(f"image     {built.tag}")
    say(f"size      {size_in_words(built)}")
    for name, value in built.image.labels.items():
        say(f"label     {name}={value}")
    parts = components(built.sbom.read_bytes())
    say(f"materials {parts} in {built.sbom}, and in the image in {SBOM}")
    say(f"try       {how_to_run(built)}")
    return int(built.image.megabytes > LARGEST_MB)


def main() -> int:
    """Read the command line and the settings, and do it."""
    parser = argparse.ArgumentParser(prog="python -m titanic_assets.releasing.image")
    parser.add_argument("tag", nargs="?", help="of a bento in this home; else the champion's")
    arguments = parser.parse_args()
    try:
        return make_image(settings_here(), arguments.tag)
    except NoEngine as error:
        print(f"image not built: {error}", file=sys.stderr)  # noqa: T201 - speaks to a person
        return NOTHING_TO_SERVE
    except (
        BrokenRelease, EngineFailed, NoBento, NotBuilt, NothingLive, NotProven, TrialFailed,
        WrongSetting,
    ) as error:  # fmt: skip
        print(error, file=sys.stderr)  # noqa: T201 - speaks to a person
        return 1


if __name__ == "__main__":
    sys.exit(main())
