"""A release that has been loaded and has proved itself, and the set of those that are live."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.contract import Passenger
from titanic_model.events import Variant
from titanic_model.features import INPUTS, derive_columns, derive_row
from titanic_model.release import Release
from titanic_model.scorer import Scorer


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """One release in memory."""

    name: str
    variant: Variant
    release: Release
    scorer: Scorer
    since: float = field(default_factory=time.time)

    @property
    def version(self) -> str:
        """The registry's number."""
        return self.release.metadata.version

    def score_one(self, passenger: Passenger) -> float:
        """The probability of survival of one passenger."""
        return float(self.scorer.score(derive_row(passenger.__dict__)[None])[0])

    def score_many(self, passengers: Sequence[Passenger]) -> NDArray[np.float32]:
        """The probabilities of many."""
        return self.scorer.score(derive_columns(columns_of(passengers)))


@dataclass(frozen=True)
class Live:
    """The models that answer now."""

    champion: LoadedModel
    challenger: LoadedModel | None = None

    @property
    def models(self) -> tuple[LoadedModel, ...]:
        """All of them, the champion first."""
        return (self.champion,) if self.challenger is None else (self.champion, self.challenger)


def load(name: str, variant: Variant, release: Release) -> LoadedModel:
    """Check a release against this code and warm it up; raises BrokenRelease when it is unfit."""
    return LoadedModel(name, variant, release, release.scorer())


def columns_of(passengers: Sequence[Passenger]) -> dict[str, list[Any]]:
    """What the feature transform reads of them, column by column."""
    rows = [passenger.__dict__ for passenger in passengers]
    return {name: [row[name] for row in rows] for name in INPUTS}
