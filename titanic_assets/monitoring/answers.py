"""What a version said of passengers when it is known what became of them: the newest such answers.

Ten million predictions pass by; what is kept of them is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from titanic_assets.monitoring.events.store import EventStore
    from titanic_assets.monitoring.learnt import Learnt
    from titanic_assets.tracking.versions import ModelVersion

# By so many passengers every figure is known to a hundredth.
MOST = 20_000
_SAID = ("key", "time", "probability")
_WHO = ("key", "name", "ticket", "caller", "on_behalf_of", "way")

_Columns = tuple[NDArray[Any], ...]
# Clocks of two machines may differ so much.
_CLOCKS_DIFFER_SECONDS = 3600.0
# Older predictions say nothing of today's passengers.
LOOK_BACK_SECONDS = 90 * 86_400.0


@dataclass(frozen=True)
class Period:
    """When predictions were made that count as a version's."""

    since: float
    until: float

    @classmethod
    def of(cls, versions: Iterable[ModelVersion], now: float) -> Period:
        """Since all of them are registered: numbers begin anew with a new registry.

        What was made on a day to come was made under a wrong clock. It would be the newest there is
        until that day, so it counts from then on.
        """
        registered = (version.created.timestamp() for version in versions)
        since = max([now - LOOK_BACK_SECONDS, *registered])
        return cls(since, now + _CLOCKS_DIFFER_SECONDS)


@dataclass(frozen=True, eq=False)
class Answers:
    """Chances said and what happened, the oldest first; one number per passenger and per caller.

    `known` is of how many predictions the outcome is known, also where fewer are kept. What the
    version has `learnt` proves nothing: passengers that it may have been trained on.
    """

    key: NDArray[np.uint64]
    time: NDArray[np.float64]
    probability: NDArray[np.float64]
    survived: NDArray[np.bool_]
    passenger: NDArray[np.uint64]
    caller: NDArray[np.uint64]
    learnt: NDArray[np.bool_]
    known: int

    def __len__(self) -> int:
        """How many are kept."""
        return len(self.key)

    def at(self, places: Any) -> Answers:
        """Some of them, by their places."""
        columns = [field.name for field in fields(self) if field.name != "known"]
        return replace(self, **{name: getattr(self, name)[places] for name in columns})

    def newest(self, many: int) -> Answers:
        """The last so many."""
        return self.at(slice(max(0, len(self) - many), None))

    @property
    def not_learnt(self) -> Answers:
        """Those that prove something."""
        return self.at(~self.learnt)

    @property
    def places_of_different_passengers(self) -> NDArray[np.intp]:
        """Where each passenger was asked about last: once more is no new evidence."""
        _, from_behind = np.unique(self.passenger[::-1], return_index=True)
        return np.sort(len(self) - 1 - from_behind)

    @property
    def of_different_passengers(self) -> Answers:
        """Each passenger once, as last asked about."""
        return self.at(self.places_of_different_passengers)


def known_answers(
    store: EventStore, version: str, period: Period, learnt: Learnt, most: int = MOST
) -> Answers:
    """The newest answers of a version whose outcomes are known, of predictions made in a period."""
    kept: list[_Columns] = []
    known = 0
    batches = store.predictions(
        _SAID, since=period.since, until=period.until, version=version, outcomes=True
    )
    for batch in batches:
        rows = batch.filter(batch.column("outcome").is_valid())
        known += rows.num_rows
        kept.append(tuple(column.to_numpy(zero_copy_only=False) for column in rows.columns))
        if sum(len(part[0]) for part in kept) > 2 * most:
            kept = [_newest(kept, most)]
    key, time, probability, survived = _newest(kept, most)
    who = _who(store, version, key, time, learnt)
    return Answers(key, time, probability, survived, *who, known=known)


def _newest(parts: list[_Columns], most: int) -> _Columns:
    """The newest so many of all parts, the oldest first."""
    nothing = (np.empty(0, np.uint64), np.empty(0), np.empty(0), np.empty(0, np.bool_))
    columns = [np.concatenate(column) for column in zip(nothing, *parts, strict=True)]
    order = np.argsort(columns[1], kind="stable")[-most:]
    return tuple(column[order] for column in columns)


def _who(
    store: EventStore,
    version: str,
    keys: NDArray[np.uint64],
    times: NDArray[np.float64],
    learnt: Learnt,
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.bool_]]:
    """Passenger and caller of these answers, and whether the version had learnt of them.

    Texts are read of these alone. Where no name is known, each answer is about a passenger of its
    own. Whoever is looked up by number is in the lists.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from titanic_model.identity import normalised

    passenger, caller = keys.copy(), np.zeros(len(keys), np.uint64)
    known = np.zeros(len(keys), np.bool_)
    if not len(keys):
        return passenger, caller, known
    wanted = pa.array(keys)
    between = float(times.min()), float(times.max())
    tables = [
        batch.filter(pc.is_in(batch.column("key"), wanted))
        for batch in store.predictions(_WHO, since=between[0], until=between[1], version=version)
    ]
    rows = pa.Table.from_batches(tables).combine_chunks()
    names, tickets = (normalised(rows[name].combine_chunks()) for name in ("name", "ticket"))
    # One row for each key: asked again under the same id is the same request.
    of_key, place = np.unique(rows["key"].to_numpy(), return_index=True)
    first = pa.array(place)
    rows, names, tickets = rows.take(first), names.take(first), tickets.take(first)
    behalf = rows["on_behalf_of"].combine_chunks()
    asked = pc.if_else(pc.equal(behalf, ""), rows["caller"].combine_chunks(), behalf)
    at = np.searchsorted(of_key, keys)
    caller = _numbers(asked)[at]
    named = pc.not_equal(names, "").to_numpy(zero_copy_only=False)[at]
    numbers = _numbers(pc.binary_join_element_wise(names, tickets, "|"))[at]
    looked_up = pc.equal(rows["way"], "passenger").to_numpy()[at]
    known = learnt.among(names, tickets)[at] | looked_up
    return np.where(named, numbers, passenger), caller, known


def _numbers(texts: Any) -> NDArray[np.uint64]:
    """What tells texts apart."""
    digests = (
        blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
        for text in texts.to_pylist()
    )
    return np.frombuffer(b"".join(digests), "<u8")
