"""What a model was trained on, field by field, and how far other passengers are from it.

The one definition of bins, of the population stability index and of drift that the drift report
and the running service share. Counting one value is cheap, so that it can be done for each
prediction.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titanic_model.chance import chi_square_quantile
from titanic_model.contract import FIELDS

Values = Sequence[Any] | NDArray[Any]

DRIFT_FIELDS: tuple[str, ...] = tuple(field.name for field in FIELDS if field.kind != "text")
SCORE = "probability"
# What was said of the same passengers without their cabin, and without name and cabin, which many
# callers do not know; and how many had a cabin.
SCORE_WITHOUT_CABIN = "probability_without_cabin"
SCORE_WITHOUT_NAME = "probability_without_name"
_CABIN = "cabin"

# Whatever is above it has moved so far that a person should look. What is customary, 0.2, would
# miss a class mix changed by 20 points: its index is about that.
THRESHOLD = 0.1
# Of fewer predictions nothing is said: the index tells of chance more than of passengers.
ENOUGH = 200
# One field in a thousand that has not moved is above what chance explains.
_CERTAINTY = 0.999

_CATEGORIES = {field.name: field.allowed for field in FIELDS if field.kind == "category"}
# Small whole numbers are bins of their own; continuous ones are cut so that each bin holds about
# a tenth of the passengers. Scores are cut evenly, for what matters is where they lie.
_SCORE_EDGES = tuple(tenth / 10 for tenth in range(1, 10))
_FIXED_EDGES: Mapping[str, tuple[float, ...]] = {
    "pclass": (2, 3),
    "sibsp": (1, 2, 3),
    "parch": (1, 2, 3),
    SCORE: _SCORE_EDGES,
    SCORE_WITHOUT_CABIN: _SCORE_EDGES,
    SCORE_WITHOUT_NAME: _SCORE_EDGES,
}
_TENTHS = np.linspace(0.1, 0.9, 9)
# An empty bin would make the index infinite. One in the reference counts as so large, one of late
# as half a passenger: as nothing it would let 200 passengers drift for lack of a single great-aunt.
_SMALLEST_SHARE = 1e-4
_HALF = 0.5


@dataclass(frozen=True)
class Drift:
    """How far counted values are from the reference, and how far they would have to be.

    `bar` is the threshold or, where that is more, what chance explains of so few passengers.
    """

    n: int
    index: float
    bar: float

    @property
    def enough(self) -> bool:
        """Whether there are enough to say anything."""
        return self.n >= ENOUGH

    @property
    def drifted(self) -> bool:
        """Whether the field has moved, and not by chance."""
        return self.enough and self.index > self.bar


@dataclass(frozen=True)
class Unknown:
    """What callers left out: the share without a name, and of the named ones that without cabin."""

    name: float = 0.0
    cabin: float = 0.0


@dataclass(frozen=True)
class FieldReference:
    """The bins of one field and the share of the reference in each.

    A number is in the bin to the right of the last edge it reaches; a category in its own. The
    last share is that of missing values (and of categories nobody had heard of).
    """

    name: str
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The bins as a person would name them, in the order of `shares`."""
        return (*_labels(self.edges, self.categories), "missing")

    def bin_of(self, value: Any) -> int:
        """The place of one value in `shares`."""
        return _bin_of(value, self.edges, self.categories)

    def count(self, values: Iterable[Any]) -> list[int]:
        """How many of these values fall into each bin."""
        counts = [0] * len(self.shares)
        for value in values:
            counts[self.bin_of(value)] += 1
        return counts

    def drift(self, counts: Sequence[int]) -> float:
        """The population stability index of counted values."""
        total = sum(counts)
        if not total:
            return 0.0
        index = 0.0
        for count, share in zip(counts, self.shares, strict=True):
            then = max(share, _SMALLEST_SHARE)
            now = count / total if count else min(then, _HALF / total)
            index += (now - then) * math.log(now / then)
        return index


@dataclass(frozen=True)
class Reference:
    """The fields and the scores of the passengers that a model was trained on."""

    passengers: int
    fields: tuple[FieldReference, ...]

    def field(self, name: str) -> FieldReference:
        """One field by its name; the scores are `SCORE`."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"no field {name!r} in this reference: {[f.name for f in self.fields]}")

    def scores(self, unknown: Unknown) -> FieldReference:
        """What is said of such passengers as these where callers know so little of them.

        Who asks without names or cabins gets other answers about the same passengers, of some
        models very different ones. That is no drift, so like is compared with like. Releases from
        before this was known have the scores of wholly known passengers only.
        """
        fields = {field.name: field for field in self.fields}
        known = fields[SCORE]
        ways = [
            fields.get(name, known).shares for name in (SCORE_WITHOUT_CABIN, SCORE_WITHOUT_NAME)
        ]
        weights = self.left_out(unknown)
        mixed = zip(known.shares, *ways, strict=True)
        shares = (sum(w * share for w, share in zip(weights, each, strict=True)) for each in mixed)
        return replace(known, shares=tuple(shares))

    def left_out(self, unknown: Unknown) -> tuple[float, float, float]:
        """The shares of passengers known as in training, without their cabin, and without both.

        Most training passengers have no cabin, so only what is missing beyond that counts.
        """
        known = [field.shares[-1] for field in self.fields if field.name == _CABIN]
        if not known:
            return 1.0, 0.0, 0.0
        usual = known[0]
        beyond = max(0.0, unknown.cabin - usual) / max(1 - usual, _SMALLEST_SHARE)
        named = 1 - unknown.name
        return named * (1 - beyond), named * beyond, unknown.name

    def drift(self, columns: Mapping[str, Values]) -> dict[str, float]:
        """The index of each field in these columns."""
        return {
            field.name: field.drift(field.count(columns[field.name]))
            for field in self.fields
            if field.name in columns
        }

    def judge(
        self, field: FieldReference, counts: Sequence[int], threshold: float = THRESHOLD
    ) -> Drift:
        """Whether a field has drifted, by its counted values; the one rule of service and report.

        The index of two samples of the same passengers, one of `n` and one as large as the
        reference, is about a chi-square with one degree of freedom less than there are bins, times
        `1/n + 1/passengers`.
        """
        n = sum(counts)
        chance = 0.0
        if n:
            filled = sum(share > 0 for share in field.shares)
            chance = chi_square_quantile(_CERTAINTY, filled - 1)
            chance *= 1 / n + 1 / max(1, self.passengers)
        return Drift(n, field.drift(counts), max(threshold, chance))

    def to_json(self) -> str:
        """As text, the same for the same reference."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """Read back what `to_json` wrote."""
        content = json.loads(text)
        return cls(
            passengers=content["passengers"],
            fields=tuple(
                FieldReference(
                    name=field["name"],
                    edges=tuple(field["edges"]),
                    categories=tuple(field["categories"]),
                    shares=tuple(field["shares"]),
                )
                for field in content["fields"]
            ),
        )


def describe(
    columns: Mapping[str, Values],
    scores: Values,
    without_cabin: Values | None = None,
    without_name: Values | None = None,
) -> Reference:
    """The reference made of these passengers and of the scores they were given unseen.

    The others are the scores they were given, unseen, as passengers without cabin, and without name
    and cabin.
    """
    values = {**{name: columns[name] for name in DRIFT_FIELDS}, SCORE: scores}
    if without_cabin is not None and without_name is not None:
        values[_CABIN] = columns[_CABIN]
        values[SCORE_WITHOUT_CABIN] = without_cabin
        values[SCORE_WITHOUT_NAME] = without_name
    return Reference(
        passengers=len(columns[DRIFT_FIELDS[0]]),
        fields=tuple(_describe_field(name, column) for name, column in values.items()),
    )


def _describe_field(name: str, values: Values) -> FieldReference:
    categories = _CATEGORIES.get(name, ())
    if categories or name == _CABIN:  # of a cabin it only counts whether it is known
        edges: tuple[float, ...] = ()
    else:
        edges = _FIXED_EDGES.get(name) or _tenths(values)
    empty = FieldReference(name, edges, categories, (0.0,) * (len(_labels(edges, categories)) + 1))
    counts = empty.count(values)
    total = max(1, sum(counts))
    return FieldReference(name, edges, categories, tuple(count / total for count in counts))


def _tenths(values: Values) -> tuple[float, ...]:
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return ()
    edges = {round(float(edge), 4) for edge in np.quantile(known, _TENTHS)}
    return tuple(sorted(edges))


def _bin_of(value: Any, edges: tuple[float, ...], categories: tuple[str, ...]) -> int:
    missing = len(categories) if categories else len(edges) + 1
    if value is None or value != value:  # noqa: PLR0124 - NaN, in whatever type it comes
        return missing
    if categories:
        return categories.index(value) if value in categories else missing
    return bisect_right(edges, value)


def _labels(edges: tuple[float, ...], categories: tuple[str, ...]) -> tuple[str, ...]:
    if categories:
        return categories
    if not edges:
        return ("any",)
    if all(high - low == 1 for low, high in pairwise(edges)) and len(edges) > 1:
        return (
            f"up to {edges[0] - 1:g}",
            *(f"{e:g}" for e in edges[:-1]),
            f"{edges[-1]:g} and more",
        )
    between = (f"{low:g} to {high:g}" for low, high in pairwise(edges))
    return (f"below {edges[0]:g}", *between, f"{edges[-1]:g} and more")
