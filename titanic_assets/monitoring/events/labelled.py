"""Passengers whose outcome was reported, as rows of a list that training can read.

The rule is in docs/events.md. Who somebody is, is decided on hashes first, in 25 bytes for each
prediction with an outcome; then the rows of those who count are read. The same events give the
same bytes, in whatever order they were collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titanic_assets.monitoring.events.schema import OUTCOME, PREDICTION_SCHEMA
from titanic_assets.sources.outcomes import OUTCOMES
from titanic_assets.tables import Table, write_table
from titanic_model.contract import FIELDS, LABEL, SOURCE_ID
from titanic_model.identity import normalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from titanic_assets.monitoring.events.store import EventStore

_FIELDS = [field.name for field in FIELDS]
# Without a name, two passengers may be the same one if all of these agree.
_JUDGED = [field.name for field in FIELDS if field.kind != "text"]
_READ = ["key", "time", "request_id", "caller", "on_behalf_of", "way", *_FIELDS]
_LOOKED_UP = "passenger"  # the way of those who were asked for by their number in the list

SCHEMA = pa.schema(
    [
        (SOURCE_ID, pa.string()),
        (LABEL, pa.int8()),
        *(PREDICTION_SCHEMA.field(name) for name in _FIELDS),
        # For people who ask where a row is from; training has no use for them.
        ("predicted", pa.timestamp("us", tz="UTC")),
        ("request_id", pa.string()),
        ("caller", pa.string()),
    ]
)
_WITH_IDENTITY = pa.schema(
    [*(PREDICTION_SCHEMA.field(name) for name in _READ), OUTCOME, (SOURCE_ID, pa.string())]
)


@dataclass(frozen=True)
class Labelled:
    """The table, and what became of the predictions that are not in it."""

    table: Table
    predictions: int
    looked_up: int
    again: int
    contradicted: int
    known: int
    like_known: int

    @property
    def rows(self) -> int:
        """Passengers for training."""
        return self.table.rows


@dataclass
class _Seen:
    """Every prediction with an outcome: who, when, by which key, what became of him."""

    who: NDArray[np.uint64]
    time: NDArray[np.float64]
    key: NDArray[np.uint64]
    survived: NDArray[np.bool_]


def label(store: EventStore, known: Table | None, path: Path) -> Labelled:
    """Write one row for each passenger with an outcome who is in none of the lists.

    `known` are the validated passengers of the lists, and of earlier outcomes, which do not count.
    """
    looked_up = 0
    parts: list[_Seen] = []
    for batch in _labelled_batches(store):
        rows = batch.filter(pc.not_equal(batch.column("way"), _LOOKED_UP))
        looked_up += len(batch) - len(rows)
        parts.append(
            _Seen(
                _identities(rows),
                rows.column("time").to_numpy(),
                rows.column("key").to_numpy(),
                rows.column(OUTCOME.name).to_numpy(zero_copy_only=False),
            )
        )
    first, contradicted = _first_of_each(parts)
    rows = _rows_of(store, first)
    kept, known_rows, like_known = _without_known(rows, known)
    predictions = sum(len(part.who) for part in parts)
    table = write_table(_training_rows(kept), SCHEMA, path)
    return Labelled(
        table,
        predictions=predictions + looked_up,
        looked_up=looked_up,
        again=predictions - len(first.who) - contradicted,
        contradicted=contradicted,
        known=known_rows,
        like_known=like_known,
    )


def _labelled_batches(store: EventStore) -> Iterator[pa.RecordBatch]:
    for batch in store.predictions(_READ, outcomes=True):
        rows = batch.filter(pc.is_valid(batch.column(OUTCOME.name)))
        if rows.num_rows:
            yield rows


def _identities(rows: pa.RecordBatch) -> NDArray[np.uint64]:
    """Who is who: by name and ticket, as the contract has it; without a name by all that was said.

    In that case only the same caller, on behalf of the same, can mean the same passenger.
    """
    names = normalised(rows.column("name"))
    tickets = normalised(rows.column("ticket"))
    by_name = pc.binary_join_element_wise("name", names, tickets, "\0")
    by_all = pc.binary_join_element_wise(
        "all", rows.column("caller"), rows.column("on_behalf_of"), _texts(rows, _FIELDS), "\0"
    )
    texts = pc.if_else(pc.equal(names, ""), by_all, by_name).to_pylist()
    hashes = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(hashes, "<u8")


def _texts(rows: pa.RecordBatch, fields: list[str]) -> pa.Array:
    """These fields as one text; nothing is something, too."""
    columns = [pc.fill_null(pc.cast(rows.column(name), pa.string()), "\1") for name in fields]
    return pc.binary_join_element_wise(*columns, "\0")


def _first_of_each(parts: list[_Seen]) -> tuple[_Seen, int]:
    """The first prediction for each passenger; how many belong to one who is contradicted."""
    if not parts:
        empty = np.empty(0, np.uint64)
        return _Seen(empty, np.empty(0), empty, np.empty(0, np.bool_)), 0
    who, time, key, survived = (
        np.concatenate([vars(part)[name] for part in parts])
        for name in ("who", "time", "key", "survived")
    )
    order = np.lexsort((key, time, who))
    who, time, key, survived = who[order], time[order], key[order], survived[order]
    starts = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1]])[: len(who)])
    counts = np.diff(np.append(starts, len(who)))
    survivors = np.add.reduceat(survived.astype(np.int64), starts) if len(who) else counts
    agreed = (survivors == 0) | (survivors == counts)
    first = starts[agreed]
    contradicted = int(counts[~agreed].sum())
    return _Seen(who[first], time[first], key[first], survived[first]), contradicted


def _rows_of(store: EventStore, first: _Seen) -> pa.Table:
    """The rows of those predictions, by their time, each with who it is in `source_id`."""
    found = [_WITH_IDENTITY.empty_table()]
    if len(first.who):
        for batch in _labelled_batches(store):
            who = _identities(batch)
            at = np.minimum(np.searchsorted(first.who, who), len(first.who) - 1)
            wanted = (
                (first.who[at] == who)
                & (first.time[at] == batch.column("time").to_numpy())
                & (first.key[at] == batch.column("key").to_numpy())
            )
            if wanted.any():
                ids = pa.array([f"{number:016x}" for number in who[wanted]])
                rows = batch.filter(pa.array(wanted)).append_column(SOURCE_ID, ids)
                found.append(pa.Table.from_batches([rows]))
    rows = pa.concat_tables(found).sort_by([("time", "ascending"), (SOURCE_ID, "ascending")])
    # Champion and challenger may have scored it in the same moment.
    ids = rows[SOURCE_ID].to_numpy(zero_copy_only=False)
    return rows.filter(pa.array(np.concatenate([[True], ids[1:] != ids[:-1]])[: len(ids)]))


def _without_known(rows: pa.Table, known: Table | None) -> tuple[pa.Table, int, int]:
    """The rows without passengers of the lists, and without nameless ones who may be one of them.

    A passenger of the list who is asked about without his name would else be trained on although
    he may be held out.
    """
    if known is None or not len(rows):
        return rows, 0, 0
    batch = rows.combine_chunks().to_batches()[0]
    names = normalised(batch.column("name"))
    keys = pc.binary_join_element_wise(names, normalised(batch.column("ticket")), "|")
    traits = _texts(batch, _JUDGED)
    nameless = pc.equal(names, "")
    by_name, by_traits = pc.unique(keys), pc.unique(traits.filter(nameless))
    met_names: list[pa.Array] = []
    met_traits: list[pa.Array] = []
    for others in known.batches(["source", "passenger_key", *_JUDGED]):
        listed = others.filter(pc.not_equal(others.column("source"), OUTCOMES))
        met_names.append(by_name.filter(pc.is_in(by_name, listed.column("passenger_key"))))
        if len(by_traits):
            met_traits.append(by_traits.filter(pc.is_in(by_traits, _texts(listed, _JUDGED))))
    is_known = _among(keys, met_names)
    is_like = pc.and_(nameless, _among(traits, met_traits))
    kept = rows.filter(pc.invert(pc.or_(is_known, is_like)))
    return kept, is_known.true_count, is_like.true_count


def _among(values: pa.Array, met: list[pa.Array]) -> pa.Array:
    return pc.is_in(values, pa.concat_arrays([pa.array([], pa.string()), *met]))


def _training_rows(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    micros = pc.cast(pc.round(pc.multiply(rows["time"], 1e6)), pa.int64())
    columns = {
        **{name: rows[name] for name in [SOURCE_ID, *_FIELDS, "request_id", "caller"]},
        LABEL: pc.cast(rows[OUTCOME.name], pa.int8()),
        "predicted": pc.cast(micros, SCHEMA.field("predicted").type),
    }
    table = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    yield from table.combine_chunks().to_batches()
