"""What a version said of passengers when it is known what became of them: the newest such answers.

Ten million predictions pass by; what is kept of them is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from titanic_assets.monitoring.events.store import EventStore

# By so many passengers every figure is known to a hundredth.
MOST = 20_000
_SAID = ("key", "time", "probability")
_WHO = ("key", "name", "ticket", "caller", "on_behalf_of")

_Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, eq=False)
class Answers:
    """Chances said and what happened, the oldest first; one number per passenger and per caller.

    `known` is of how many predictions the outcome is known, also where fewer are kept.
    """

    key: NDArray[np.uint64]
    time: NDArray[np.float64]
    probability: NDArray[np.float64]
    survived: NDArray[np.bool_]
    passenger: NDArray[np.uint64]
    caller: NDArray[np.uint64]
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
    def places_of_different_passengers(self) -> NDArray[np.intp]:
        """Where each passenger was asked about last: once more is no new evidence."""
        _, from_behind = np.unique(self.passenger[::-1], return_index=True)
        return np.sort(len(self) - 1 - from_behind)

    @property
    def of_different_passengers(self) -> Answers:
        """Each passenger once, as last asked about."""
        return self.at(self.places_of_different_passengers)


def known_answers(store: EventStore, version: str, since: float, most: int = MOST) -> Answers:
    """The newest answers of a version whose outcomes are known, of predictions made since then."""
    kept: list[_Columns] = []
    known = 0
    for batch in store.predictions(_SAID, since=since, version=version, outcomes=True):
        rows = batch.filter(batch.column("outcome").is_valid())
        known += rows.num_rows
        kept.append(tuple(column.to_numpy(zero_copy_only=False) for column in rows.columns))
        if sum(len(part[0]) for part in kept) > 2 * most:
            kept = [_newest(kept, most)]
    key, time, probability, survived = _newest(kept, most)
    passenger, caller = _who(store, version, key, time)
    return Answers(key, time, probability, survived, passenger, caller, known)


def _newest(parts: list[_Columns], most: int) -> _Columns:
    """The newest so many of all parts, the oldest first."""
    nothing = (np.empty(0, np.uint64), np.empty(0), np.empty(0), np.empty(0, np.bool_))
    columns = [np.concatenate(column) for column in zip(nothing, *parts, strict=True)]
    order = np.argsort(columns[1], kind="stable")[-most:]
    return tuple(column[order] for column in columns)


def _who(
    store: EventStore, version: str, keys: NDArray[np.uint64], times: NDArray[np.float64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Passenger and caller of these answers; texts are read of these alone.

    Where no name is known, each answer is about a passenger of its own.
    """
    passenger, caller = keys.copy(), np.zeros(len(keys), np.uint64)
    if not len(keys):
        return passenger, caller
    import pyarrow as pa

    from titanic_model.identity import normalised

    order = np.argsort(keys, kind="stable")
    ours = keys[order]
    since, until = float(times.min()), float(times.max())
    for batch in store.predictions(_WHO, since=since, until=until, version=version):
        all_keys = batch.column("key").to_numpy()
        rows = batch.take(pa.array(np.flatnonzero(np.isin(all_keys, ours))))
        of_rows = rows.column("key").to_numpy()
        first, behind = (np.searchsorted(ours, of_rows, side) for side in ("left", "right"))
        names, tickets = (normalised(rows.column(name)).to_pylist() for name in ("name", "ticket"))
        asked = (rows.column(name).to_pylist() for name in ("on_behalf_of", "caller"))
        for at, (name, ticket, behalf, by) in enumerate(zip(names, tickets, *asked, strict=True)):
            places = order[first[at] : behind[at]]
            caller[places] = _number(behalf or by)
            if name:
                passenger[places] = _number(f"{name}|{ticket}")
    return passenger, caller


def _number(text: str) -> int:
    """What tells texts apart."""
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
