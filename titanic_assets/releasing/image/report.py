"""What is told of an image, on the asset and by `make image`, in words."""

from __future__ import annotations

import json
from typing import Any

from titanic_assets.releasing.image import LARGEST_MB, SBOM
from titanic_assets.releasing.image.build import BuiltImage
from titanic_assets.releasing.image.trial import HARDENED, Trial


def size_in_words(built: BuiltImage) -> str:
    """How big it is, and how big it may be."""
    return f"{built.image.megabytes:.0f} MB (at most {LARGEST_MB} are wanted)"


def trial_in_words(trial: Trial) -> str:
    """What came of running it."""
    return (
        "Read-only, without capabilities and not as root: "
        f"ready after {trial.ready_seconds:.1f} s, "
        f"golden passengers within {trial.deviation:.0e}, stopped in {trial.stop_seconds:.1f} s "
        "with a request in flight that was answered."
    )


def components(sbom: bytes) -> int:
    """How many parts a bill of materials has."""
    parts: list[Any] = json.loads(sbom)["components"]
    return len(parts)


def how_to_run(built: BuiltImage) -> str:
    """The command that runs it as the trial did, for callers with a token."""
    options = " ".join(HARDENED)
    return (
        f"{built.engine.name} run --rm -p 8000:3000 {options} -e JWT_SECRET=... {built.tag}\n"
        f"          {built.engine.name} run --rm --entrypoint cat {built.tag} {SBOM}"
    )
