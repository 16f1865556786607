"""Judging a raw table: which rows are kept, which go to quarantine and why, and which batches fail.

    verdict = validate(raw.batches(), kept=..., quarantined=..., policy=Policy(bad_share_limit=.05))
    if not verdict.accepted:
        raise ...(verdict.message)

One pass, chunk by chunk, in memory that does not depend on the length of the table but for 37
bytes a passenger. `batches` have `RAW_SCHEMA` and may be of any size, which changes nothing about
the outcome; a *batch* in the verdict is one source (name and digest), however it was cut up.

- Each row is judged by the row rules. A row that breaks one is bad and quarantined with the rules
  it breaks and the reasons in words.
- Among the good rows the first of each passenger is kept. Later ones are quarantined as
  `unique_passenger`; they are not bad.
- A batch with more than the allowed share of bad rows, or without a good one, is refused. Nothing
  is raised for it: the verdict says so. Then the file at `kept` stays as it was, while
  `quarantined` is replaced all the same, for people to see what was wrong.
- A kept passenger gets the source's own id as `passenger_id` if it is a whole number from 1 to
  2,147,483,647 and free, else the number after the highest given so far. A row of the first
  source without an id of its own wants its row number, so the packaged list is numbered 1 to 1309.
- Where the contract has a default (`sibsp`, `parch`), nothing written means the default.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from expectations.batch_rules import Policy
from expectations.judging import Judge
from expectations.row_rules import (
    table_rules,
)
from expectations.sorting import RowSorter
from expectations.verdict import Verdict
from expectations.writing import unfinished_table
from titanic_model.contract import SOURCE_ID
from titanic_model.schemas import QUARANTINE_SCHEMA, RAW_SCHEMA, VALIDATED_SCHEMA

CHUNK_ROWS = 250_000
_CHUNK_BYTES = 512 * 1024 * 1024
_UNLIKE = ("passenger_id", "passenger_key", "name", "ticket", SOURCE_ID, "source_line")


class WrongTable(ValueError):
    """What is to be judged is not a raw passenger table."""


def validate(
    batches: Iterable[pa.RecordBatch],
    kept: Path,
    quarantined: Path,
    policy: Policy | None = None,
    *,
    chunk_rows: int = CHUNK_ROWS,
) -> Verdict:
    """Judge a raw table, write the rows kept and the rows quarantined, and say what was found."""
    policy = policy or Policy()
    judge = Judge()
    with (
        unfinished_table(kept, VALIDATED_SCHEMA, unlike=_UNLIKE) as keeping,
        unfinished_table(quarantined, QUARANTINE_SCHEMA, unlike=_UNLIKE) as refusing,
    ):
        sorter = RowSorter(judge, keeping, refusing)
        for chunk in _chunks(_checked(batches, judge), chunk_rows):
            sorter.take(chunk)
        verdict = sorter.verdict(policy)
        refusing.put_in_place()
        if verdict.accepted:
            keeping.put_in_place()
    return verdict


def _checked(batches: Iterable[pa.RecordBatch], judge: Judge) -> Iterator[pa.RecordBatch]:
    """The batches, each with the columns and types of a raw table."""
    known: pa.Schema | None = None
    for batch in batches:
        if batch.schema != known:
            columns = pd.DataFrame(columns=batch.schema.names)
            broken = judge.broken(table_rules(), columns)
            if broken or not batch.schema.equals(RAW_SCHEMA):
                raise WrongTable(
                    f"not a raw passenger table: its columns are {batch.schema.names}, expected "
                    f"are {RAW_SCHEMA.names}, all text but source_line. Read the list with the "
                    "source reader instead of handing it over as it is."
                )
            known = batch.schema
        yield batch


def _chunks(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in pieces of a good size: many small files cost no more than one."""
    waiting: list[pa.RecordBatch] = []
    waiting_rows = waiting_bytes = 0
    for batch in batches:
        for start in range(0, len(batch), rows):
            piece = batch.slice(start, rows)
            if waiting and (
                waiting_rows + len(piece) > rows or waiting_bytes + piece.nbytes > _CHUNK_BYTES
            ):
                yield _joined(waiting)
                waiting, waiting_rows, waiting_bytes = [], 0, 0
            waiting.append(piece)
            waiting_rows += len(piece)
            waiting_bytes += piece.nbytes
    if waiting:
        yield _joined(waiting)


def _joined(pieces: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Pieces as one; joining copies, so a piece that is alone is taken as it is."""
    return pieces[0] if len(pieces) == 1 else pa.concat_batches(pieces)
