"""A release that has been loaded and has proved itself, and the set of those that are live."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.contract import Passenger
from titanic_model.events import Variant
from titanic_model.features import INPUTS
from titanic_model.reference import DRIFT_FIELDS, SCORE
from titanic_model.release import BrokenRelease, Release
from titanic_model.scorer import Scorer, UnusableModel

_STEPS = 1e6  # six digits


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """One release in memory."""

    name: str
    variant: Variant
    release: Release
    scorer: Scorer
    since: float = field(default_factory=time.time)

    @cached_property
    def version(self) -> str:
        """The registry's number."""
        return self.release.metadata.version

    def score_one(self, vector: NDArray[np.float32]) -> float:
        """The probability of survival for one row of features, as `score` has it."""
        # As below, bit for bit; `round` is slower and would differ in what lies halfway.
        return int(float(self.scorer.score(vector[None])[0]) * _STEPS + 0.5) / _STEPS

    def score(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The probabilities, with as many digits as are shown: what is judged is what is shown."""
        steps: NDArray[np.float64] = self.scorer.score(matrix).astype(np.float64) * _STEPS
        if not np.isfinite(steps).all():
            raise UnusableModel(f"release {self.name} says what is no number")
        return np.floor(steps + 0.5) / _STEPS

    def as_variant(self, variant: Variant) -> LoadedModel:
        """The same in this role; from now on, if it is a new one."""
        return (
            self if self.variant == variant else replace(self, variant=variant, since=time.time())
        )


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
    known = {field.name for field in release.reference.fields}
    if missing := [name for name in (*DRIFT_FIELDS, SCORE) if name not in known]:
        raise BrokenRelease(
            f"{name} cannot be watched for drift, its reference has no {', '.join(missing)}: "
            "publish a release that was made by this code"
        )
    return LoadedModel(name, variant, release, release.scorer())


def columns_of(passengers: Sequence[Passenger]) -> dict[str, list[Any]]:
    """What the feature transform reads of them, column by column."""
    rows = [passenger.__dict__ for passenger in passengers]
    return {name: [row[name] for row in rows] for name in INPUTS}
