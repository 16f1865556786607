"""What a registered model version is, and which names point to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MODEL_NAME = "titanic-survival"
EXPERIMENT = "titanic-survival"
# Reports are made far more often than models, and are forgotten sooner.
MONITORING_EXPERIMENT = "titanic-monitoring"

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


class Versions(Protocol):
    """What whoever moves aliases and makes them live asks of a registry, however it is reached."""

    def aliases(self) -> Mapping[str, int]:
        """Every alias and the version that it names."""

    def version_at(self, alias: Alias, /) -> ModelVersion | None:
        """The version that `alias` names, or None when it names none."""

    def version(self, number: int, /) -> ModelVersion:
        """The version of that number."""

    def move_alias(self, alias: Alias, version: int, /) -> None:
        """Let `alias` name that version from now on."""

    def drop_alias(self, alias: Alias, /) -> None:
        """Let `alias` name nothing; no matter if it already does."""

    def fetch_release(self, version: ModelVersion, into: Path, /) -> Path:
        """Copy the version's release directory to `into`, which must not be there yet."""
