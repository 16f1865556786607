"""What a registered model version is, and which names point to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

MODEL_NAME = "titanic-survival"
EXPERIMENT = "titanic-survival"

Alias = Literal["candidate", "champion", "challenger"]
ALIASES: tuple[Alias, ...] = get_args(Alias)


@dataclass(frozen=True)
class ModelVersion:
    """One version in the registry, with all that identifies what it was made of."""

    version: int
    run_id: str
    digest: str
    data_fingerprint: str
    dagster_run_id: str
    code_revision: str
    created: datetime
    # True only on the answer to a registration that found the same digest registered before.
    reused: bool = field(default=False, compare=False)
