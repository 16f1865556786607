"""Who of the reported passengers is known already, or may be: those are no new ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from titanic_assets.sources.outcomes import OUTCOMES
from titanic_model.contract import FIELDS
from titanic_model.identity import normalised

if TYPE_CHECKING:
    from titanic_assets.tables import Table

# Two passengers, one of whom has no name, may be the same one if all of these agree.
_TRAITS = [field.name for field in FIELDS if field.kind != "text"]


def without_known(rows: pa.Table, lists: Table | None) -> tuple[pa.Table, int, int]:
    """The others, and how many are known, and how many may be.

    Known is who is in a list by name and ticket. Who comes without a name or without a ticket may
    be known, where somebody in the lists, or with name and ticket among these rows, agrees in
    what there is: he would be trained on twice, or although he is held out.
    """
    if not len(rows):
        return rows, 0, 0
    names, tickets = normalised(_whole(rows["name"])), normalised(_whole(rows["ticket"]))
    keys = pc.binary_join_element_wise(names, tickets, "|")
    traits = field_texts(rows, _TRAITS)
    nameless = pc.equal(names, "")
    only_name = pc.and_not(pc.equal(tickets, ""), nameless)
    complete = pc.invert(pc.or_(nameless, only_name))

    met = _Met(keys.filter(complete), names.filter(only_name), traits.filter(nameless))
    met.look_at(pa.nulls(0, pa.string()), names.filter(complete), traits.filter(complete))
    for listed in _listed(lists):
        key = listed.column("passenger_key")
        # Before the bar is the name; a key without one is that of a nameless passenger.
        named = pc.replace_substring_regex(key, r"\|.*$", "") if len(met.names) else key
        met.look_at(key, named, field_texts(listed, _TRAITS) if len(met.traits) else key)
    known = pc.and_(complete, pc.is_in(keys, met.met_keys))
    perhaps = pc.or_(
        pc.and_(only_name, pc.is_in(names, met.met_names)),
        pc.and_(nameless, pc.is_in(traits, met.met_traits)),
    )
    kept = rows.filter(pc.invert(pc.or_(known, perhaps)))
    return kept, known.true_count, perhaps.true_count


def field_texts(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> pa.Array:
    """These fields as one text; nothing is something, too."""
    columns = [
        pc.fill_null(pc.cast(_whole(rows.column(name)), pa.string()), "\1") for name in fields
    ]
    return pc.binary_join_element_wise(*columns, "\0")


class _Met:
    """What is looked for, and which of it was met: few things, in lists of any length."""

    def __init__(self, keys: pa.Array, names: pa.Array, traits: pa.Array) -> None:
        self.keys, self.names, self.traits = map(pc.unique, (keys, names, traits))
        self.met_keys = self.met_names = self.met_traits = pa.array([], pa.string())

    def look_at(self, keys: pa.Array, names: pa.Array, traits: pa.Array) -> None:
        """Note what is among these."""
        self.met_keys = _more(self.met_keys, self.keys, keys)
        self.met_names = _more(self.met_names, self.names, names)
        self.met_traits = _more(self.met_traits, self.traits, traits)


def _more(met: pa.Array, wanted: pa.Array, others: pa.Array) -> pa.Array:
    found = wanted.filter(pc.is_in(wanted, others))
    return pc.unique(pa.concat_arrays([met, found]))


def _listed(lists: Table | None) -> Iterable[pa.RecordBatch]:
    """The passengers of the lists, without those who were reported earlier."""
    if lists is not None:
        for batch in lists.batches(["source", "passenger_key", *_TRAITS]):
            yield batch.filter(pc.not_equal(batch.column("source"), OUTCOMES))


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
