"""What a drift report concludes, in a sentence for people, and whether it asks for training."""

from __future__ import annotations

from hashlib import blake2b

from titanic_assets.monitoring.drift.counting import Counted
from titanic_assets.monitoring.drift.report import FieldDrift, VersionDrift
from titanic_assets.monitoring.page import how_old
from titanic_model.reference import ENOUGH, SCORE

_SPOKEN = {SCORE: "the answers"}


def report_id(version: int, digest: str, counted: Counted) -> str:
    """The same for the same newest prediction of the same model, so that one asks only once."""
    what = f"{digest} {counted.newest}".encode()
    return f"drift-v{version}-{blake2b(what, digest_size=6).hexdigest()}"


def sentence(found: VersionDrift, now: float) -> str:
    """What became of the passengers of one version, and of when they are, unless that is now."""
    return _found(found) + how_old(found.last, now)


def _found(found: VersionDrift) -> str:
    who = f"version {found.version}"
    if not found.enough:
        many = "1 prediction" if found.predictions == 1 else f"{found.predictions:,} predictions"
        return f"Too few to tell: {many} of {who}, and drift is told from {ENOUGH} on."
    if found.drifted:
        moved = _listed([_moved(field) for field in found.drifted])
        have = "has" if len(found.drifted) == 1 else "have"
        return (
            f"In the last {found.predictions:,} predictions of {who}, {moved} {have} moved away "
            "from what it was trained on."
        )
    farthest = max(found.fields, key=lambda field: field.index / field.bar)
    return (
        f"The last {found.predictions:,} predictions of {who} are about such passengers as it was "
        f"trained on; the farthest is {spoken(farthest.name)} with an index of "
        f"{farthest.index:.2f}, and it moves at {farthest.bar:.2f}."
    )


def spoken(name: str) -> str:
    """A field as people read of it."""
    return _SPOKEN.get(name, name)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _moved(field: FieldDrift) -> str:
    return f"{spoken(field.name)} (index {field.index:.2f}, bar {field.bar:.2f})"
