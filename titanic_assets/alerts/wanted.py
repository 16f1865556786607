"""Which releases should be live, by their names in `current.json`.

Sensors ask this; the reading that proves releases brings in what executes models.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_CURRENT = "current.json"


@dataclass(frozen=True)
class Wanted:
    """Their names; of a file that names none, its own, which is what the service complains of."""

    champion: str
    challenger: str | None = None


def wanted_releases(releases: Path) -> Wanted | None:
    """What the folder of releases names as live; None before the first."""
    try:
        named = json.loads((releases / _CURRENT).read_bytes())
        return Wanted(str(named["champion"]), named.get("challenger"))
    except FileNotFoundError:
        return None
    except (AttributeError, LookupError, TypeError, ValueError):
        return Wanted(_CURRENT)
