"""Says which bento can be served at once: `python -m titanic_assets.stack.served`.

That is the one of the live release and the present code. Where it is there, nobody who restarts
`make run` waits for Dagster or MLflow.
"""

import sys

from titanic_assets.releasing import NOTHING_TO_SERVE
from titanic_assets.releasing.bundle import Bento, find_bento
from titanic_assets.settings import Settings, load_settings
from titanic_model.published import read_current
from titanic_model.release import BrokenRelease


def bento_to_serve(settings: Settings) -> Bento | None:
    """The bento of the live release, where that and the bento are whole."""
    releases = settings.places.releases
    try:
        current = read_current(releases)
        return find_bento(releases / current.champion, settings) if current else None
    except BrokenRelease:
        return None


def main() -> int:
    """Print its tag, if there is one."""
    bento = bento_to_serve(load_settings())
    if bento is None:
        return NOTHING_TO_SERVE
    print(bento.tag)
    return 0


if __name__ == "__main__":
    sys.exit(main())
