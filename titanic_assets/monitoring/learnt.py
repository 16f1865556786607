"""Of whom a version may have learnt in training: about these its answers prove nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titanic_assets.tables import Table

if TYPE_CHECKING:
    from titanic_assets.monitoring.events.store import EventStore
    from titanic_assets.settings import Settings


@dataclass(frozen=True)
class Learnt:
    """What could be learnt from until a moment: the lists, and outcomes that were told before.

    Those of the tickets that are held out for ever were not. A list that came later counts, too,
    for it does not say when it came.
    """

    store: EventStore
    lists: Table | None
    until: float

    @classmethod
    def by(cls, settings: Settings, store: EventStore, until: float) -> Learnt:
        """With the lists of a home."""
        lists = Table(settings.places.tables / "validated_passengers.parquet")
        return cls(store, lists if lists.path.exists() else None, until)

    def among(self, names: Any, tickets: Any) -> NDArray[np.bool_]:
        """Which of these passengers, by normalised name and ticket, it may have learnt from.

        Whose name is not known may be anybody, and counts as nobody it has learnt from.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        from titanic_model.identity import held_out

        keys = pc.binary_join_element_wise(names, tickets, "|")
        wanted = pc.unique(keys.filter(pc.not_equal(names, "")))
        met = pa.array([], pa.string())
        if len(wanted):
            for listed in self._passengers():
                found = wanted.filter(pc.is_in(wanted, listed))
                met = pc.unique(pa.concat_arrays([met, found]))
        learnt = pc.and_not(pc.is_in(keys, met), held_out(tickets, keys))
        return np.asarray(learnt.to_numpy(zero_copy_only=False), bool)

    def _passengers(self) -> Iterator[Any]:
        """The keys of all who were in a list, or of whom an outcome was told."""
        import pyarrow.compute as pc

        from titanic_assets.sources.outcomes import OUTCOMES
        from titanic_model.identity import normalised

        if self.lists is not None:
            for batch in self.lists.batches(["source", "passenger_key"]):
                listed = pc.not_equal(batch.column("source"), OUTCOMES)
                yield batch.column("passenger_key").filter(listed)
        for batch in self.store.predictions(["name", "ticket"], until=self.until, outcomes=True):
            rows = batch.filter(pc.is_valid(batch.column("outcome")))
            names, tickets = (normalised(rows.column(name)) for name in ("name", "ticket"))
            yield pc.binary_join_element_wise(names, tickets, "|")
