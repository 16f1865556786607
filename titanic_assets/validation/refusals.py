"""The record of refused lists, by the digest of their content.

A refused list stays where it lies. Its record keeps later readings from stumbling over it, so one
bad file does not block good ones for ever; its bad rows lie beside the record, because the next
run's quarantine is without them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from titanic_model.places import Places


class BrokenRecord(ValueError):
    """The record of a refusal that cannot be read."""


class Refusal(BaseModel):
    """Why a list was refused, and by which rules and limit; neither if it could not be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    digest: str
    reason: str
    when: datetime
    limit: float | None = None
    rules: str | None = None

    def stands(self, limit: float, rules: str) -> bool:
        """Whether the list would be refused again under this limit and these rules.

        What could not be read cannot be read whatever the rules are.
        """
        return self.rules is None or (self.limit, self.rules) == (limit, rules)


@dataclass(frozen=True)
class RefusedBatches:
    """All refusals, one JSON file each, and the quarantined rows of the lists that were judged."""

    folder: Path

    @classmethod
    def of(cls, places: Places) -> Self:
        """Those of a home."""
        return cls(places.quarantine / "refused")

    def refuse(
        self,
        name: str,
        digest: str,
        reason: str,
        *,
        limit: float | None = None,
        rules: str | None = None,
    ) -> Refusal:
        """Remember a refusal: for bad rows under a limit and rules, or as unreadable."""
        refusal = Refusal(
            name=name,
            digest=digest,
            reason=reason,
            when=datetime.now(UTC),
            limit=limit,
            rules=rules,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f".{digest}.{uuid4().hex}"
        try:
            unfinished.write_text(refusal.model_dump_json(indent=1) + "\n", encoding="utf-8")
            os.replace(unfinished, self._path(digest))
        finally:
            unfinished.unlink(missing_ok=True)
        return refusal

    def standing(self, digest: str, limit: float, rules: str) -> Refusal | None:
        """The refusal of this content, if there is one and it still stands."""
        refusal = self._read(self._path(digest))
        return refusal if refusal and refusal.stands(limit, rules) else None

    def rows(self, digest: str) -> Path:
        """Where the quarantined rows of a list are kept, with their reasons."""
        return self.folder / f"{digest}.parquet"

    def lift(self, digest: str) -> bool:
        """Forget a refusal, so that the list is read and judged again; whether there was one."""
        path = self._path(digest)
        there = path.exists()
        path.unlink(missing_ok=True)
        self.rows(digest).unlink(missing_ok=True)
        return there

    def all(self) -> tuple[Refusal, ...]:
        """Every refusal on record, the oldest first."""
        refusals = filter(None, map(self._read, sorted(self.folder.glob("*.json"))))
        return tuple(sorted(refusals, key=lambda refusal: refusal.when))

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.json"

    def _read(self, path: Path) -> Refusal | None:
        try:
            return Refusal.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            cause = error.errors()[0]["msg"]
            raise BrokenRecord(
                f"the refusal in {path} cannot be read ({cause}); "
                "delete it and the list will be judged again"
            ) from None
