"""What is installed here: Python's packages, Debian's, and the Python itself, as JSON on stdout."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

# Where Python packages lie besides those of the Python that runs this: the base image's own.
_OF_THE_SYSTEM = ("usr/local/lib/python*/site-packages", "usr/local/lib/python*/dist-packages")
_DPKG = "var/lib/dpkg/status"


def inventory(root: Path = Path("/"), paths: list[str] | None = None) -> dict[str, object]:
    """Everything found below `root`; `paths` are where Python looks for packages."""
    places = paths if paths is not None else list(sys.path)
    places += sorted(str(place) for pattern in _OF_THE_SYSTEM for place in root.glob(pattern))
    return {
        "python": platform.python_version(),
        "distribution": _os_release(root),
        "python_packages": sorted(
            {_described(found): None for found in distributions(path=_once(places))}
        ),
        "debian_packages": sorted(_debian_packages(root)),
    }


def _once(places: list[str]) -> list[str]:
    return list(dict.fromkeys(place for place in places if place))


def _described(found: Distribution) -> tuple[str, str, str]:
    """Name, version, licence."""
    metadata = found.metadata
    licences = [
        *(metadata.get_all("License-Expression") or []),
        *(metadata.get_all("License") or []),
    ]
    licences += [
        classifier.rpartition(" :: ")[2]
        for classifier in metadata.get_all("Classifier") or []
        if classifier.startswith("License :: OSI Approved :: ")
    ]
    # Some packages have the whole text where its name should be.
    named = (licence for licence in licences if len(licence.splitlines()) == 1)
    return metadata["Name"], found.version, next(named, "")


def _debian_packages(root: Path) -> Iterator[tuple[str, str, str]]:
    """Name, version, architecture of what dpkg has installed."""
    status = root / _DPKG
    for paragraph in status.read_text().split("\n\n") if status.exists() else []:
        fields = dict(
            line.split(": ", 1) for line in paragraph.splitlines() if ": " in line[1:]
            and not line.startswith(" ")
        )  # fmt: skip
        if fields.get("Status", "").endswith(" installed"):
            yield fields["Package"], fields["Version"], fields["Architecture"]


def _os_release(root: Path) -> dict[str, str]:
    file = root / "etc" / "os-release"
    lines = file.read_text().splitlines() if file.exists() else []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return {name.lower(): value.strip('"') for name, value in values.items()}


if __name__ == "__main__":
    json.dump(inventory(), sys.stdout)
