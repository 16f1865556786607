"""The images that were made from one home: each has left its bill of materials there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from titanic_assets.releasing import BENTO_NAME
from titanic_assets.releasing.image.engine import EngineFailed, NoEngine, find_engine
from titanic_assets.settings import Settings

_SUFFIX = ".cdx.json"


@dataclass(frozen=True)
class HomeImages:
    """What retention removes with their bentos; the engine is asked only where there is one."""

    settings: Settings

    def bentos(self) -> Iterable[str]:
        """The versions of the bentos that images were made of."""
        folder = _folder(self.settings)
        return sorted(path.name.removesuffix(_SUFFIX) for path in folder.glob(f"*{_SUFFIX}"))

    def remove(self, bento: str, /) -> None:
        """Remove the image of that bento, unless a container still uses it or no engine answers."""
        try:
            find_engine(self.settings.container_engine).remove(f"{BENTO_NAME}:{bento}")
        except (EngineFailed, NoEngine):
            return
        sbom_of(bento, self.settings).unlink(missing_ok=True)


def keep_sbom(sbom: bytes, tag: str, settings: Settings) -> Path:
    """Keep the bill of materials of an image beside it; returns where."""
    place = sbom_of(tag.partition(":")[2], settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(sbom)
    return place


def sbom_of(version: str, settings: Settings) -> Path:
    """Where the bill of materials of a bento's image lies besides."""
    return _folder(settings) / f"{version}{_SUFFIX}"


def _folder(settings: Settings) -> Path:
    return settings.places.reports / "images"
