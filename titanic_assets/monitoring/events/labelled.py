"""Passengers whose outcome was reported, as rows of a list that training can read.

The rule is in docs/events.md. Who somebody is, is decided on hashes first, in 33 bytes for each
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

from titanic_assets.monitoring.events.known import field_texts, without_known
from titanic_assets.monitoring.events.schema import OUTCOME, PREDICTION_SCHEMA
from titanic_assets.tables import Table, write_table
from titanic_model.contract import FIELDS, LABEL, SOURCE_ID
from titanic_model.identity import normalised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from titanic_assets.monitoring.events.store import EventStore

_FIELDS = [field.name for field in FIELDS]
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
_NO_HASHES = np.empty(0, np.uint64)


@dataclass(frozen=True)
class Labelled:
    """The table, and what became of the predictions that are not in it."""

    table: Table
    predictions: int
    looked_up: int
    again: int
    contradicted: int
    known: int
    perhaps_known: int

    @property
    def rows(self) -> int:
        """Passengers for training."""
        return self.table.rows


@dataclass
class _Seen:
    """Every prediction with an outcome: who, asked by whom, when, by which key, what came true."""

    who: NDArray[np.uint64]
    voice: NDArray[np.uint64]
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
                _hashes(pc.binary_join_element_wise(*_voice(rows), "\0")),
                rows.column("time").to_numpy(),
                rows.column("key").to_numpy(),
                rows.column(OUTCOME.name).to_numpy(zero_copy_only=False),
            )
        )
    first, contradicted = _first_of_each(parts)
    rows = _rows_of(store, first)
    kept, known_rows, perhaps_known = without_known(rows, known)
    predictions = sum(len(part.who) for part in parts)
    table = write_table(_training_rows(kept), SCHEMA, path)
    return Labelled(
        table,
        predictions=predictions + looked_up,
        looked_up=looked_up,
        again=predictions - len(first.who) - contradicted,
        contradicted=contradicted,
        known=known_rows,
        perhaps_known=perhaps_known,
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
    by_all = pc.binary_join_element_wise("all", *_voice(rows), field_texts(rows, _FIELDS), "\0")
    return _hashes(pc.if_else(pc.equal(names, ""), by_all, by_name))


def _voice(rows: pa.RecordBatch) -> tuple[pa.Array, pa.Array]:
    """Who says so: the caller, and on whose behalf."""
    return rows.column("caller"), rows.column("on_behalf_of")


def _hashes(texts: pa.Array) -> NDArray[np.uint64]:
    hashes = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts.to_pylist())
    return np.frombuffer(hashes, "<u8")


def _first_of_each(parts: list[_Seen]) -> tuple[_Seen, int]:
    """The first prediction for each passenger; how many belong to one who is contradicted.

    Of what one caller says of a passenger the first word counts; where the first words of two
    callers differ, nobody knows who is right.
    """
    empty = _Seen(_NO_HASHES, _NO_HASHES, np.empty(0), _NO_HASHES, np.empty(0, np.bool_))
    parts = [empty, *parts]
    every = _Seen(*(np.concatenate([vars(part)[name] for part in parts]) for name in vars(empty)))
    who, voice, survived = every.who, every.voice, every.survived
    order = np.lexsort((every.key, every.time, voice, who))
    who, voice, survived = who[order], voice[order], survived[order]
    words = _starts(who) | _starts(voice)
    said, survivors = who[words], survived[words].astype(np.int64)
    begins = np.flatnonzero(_starts(said))
    callers = np.diff(np.append(begins, len(said)))
    agreed = np.add.reduceat(survivors, begins) if len(begins) else callers
    agreed = (agreed == 0) | (agreed == callers)
    counts = np.diff(np.append(np.flatnonzero(_starts(who)), len(who)))
    earliest = np.lexsort((every.key, every.time, every.who))
    first = earliest[_starts(every.who[earliest])][agreed]
    return (
        _Seen(*(values[first] for values in vars(every).values())),
        int(counts[~agreed].sum()),
    )


def _starts(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Where something else begins, in values of which the same ones stand together."""
    return np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]


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
    return rows.filter(pa.array(_starts(ids)))


def _training_rows(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    micros = pc.cast(pc.round(pc.multiply(rows["time"], 1e6)), pa.int64())
    columns = {
        **{name: rows[name] for name in [SOURCE_ID, *_FIELDS, "request_id", "caller"]},
        LABEL: pc.cast(rows[OUTCOME.name], pa.int8()),
        "predicted": pc.cast(micros, SCHEMA.field("predicted").type),
    }
    table = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    yield from table.combine_chunks().to_batches()
