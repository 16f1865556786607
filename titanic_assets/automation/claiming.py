"""Who may have the next run, where two sensors ask for the same kind of run at the same moment.

Neither sees the run that the other is about to ask for: Dagster makes it after the look is over.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from titanic_assets.tracking.locking import held

if TYPE_CHECKING:
    from pathlib import Path

# For so long nobody can be sure to see a run that has just been asked for.
_CLAIMED_SECONDS = 120.0


def claim(path: Path, occasion: str, now: float) -> bool:
    """Whether it is this occasion's turn; asked again, it still is. Claims end by themselves."""
    with held(path.with_suffix(".lock")):
        try:
            holder, since = json.loads(path.read_text())
        except (FileNotFoundError, ValueError, TypeError):
            holder, since = occasion, now  # nobody, or it was cut short
        if holder != occasion and 0 <= now - since < _CLAIMED_SECONDS:
            return False
        path.write_text(json.dumps([occasion, now]))
        return True
