"""The demo's own home: beside the one that is set, and new each time."""

from __future__ import annotations

import shutil
from pathlib import Path

from titanic_assets.settings import Settings
from titanic_assets.stack import processes
from titanic_assets.stack.only_one import the_only_one

_MARK = "made-by-the-demo"


class SomebodyElses(RuntimeError):
    """A folder in the demo's place that the demo has not made."""


def demo_home(settings: Settings) -> Path:
    """Where the demo writes, whatever TITANIC_HOME is."""
    home = settings.places.home
    return home.with_name(f"{home.name}-demo")


def make_anew(home: Path, ui: str) -> None:
    """Leave nothing of an earlier demo there, nor anything that runs on it. Raises if one goes on.

    With what was promoted and collected then, the story would begin at its end.
    """
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise SomebodyElses(
            f"{home} is there and not of an earlier demo, which alone is removed: move it away, or "
            "set TITANIC_HOME; the demo's home is beside it, with -demo behind its name"
        )
    home.mkdir(parents=True, exist_ok=True)
    (home / _MARK).touch()
    with the_only_one(home, ui):
        processes.kill(home)
        for path in home.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in {_MARK, "running.json"}:
                path.unlink()
