"""Judging a raw table: which rows are kept, which go to quarantine and why, and which batches fail.

    verdict = validate(raw.batches(), kept=..., quarantined=..., policy=Policy(bad_share_limit=.05))
    if not verdict.accepted:
        raise ...(verdict.message)

One pass, chunk by chunk, in memory that does not depend on the length of the table but for 37
bytes a passenger. `batches` have `RAW_SCHEMA` and may be of any size, which changes nothing about
the outcome; a *batch* in the verdict is one source (name and digest), however it was cut up.

- Each row is judged by the row rules. A row that breaks one is bad and quarantined with all the
  rules it breaks; of a line that could not be split into columns only that is said.
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

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from expectations.judging import Judge
from expectations.passengers import PassengerNumbers, SeenPassengers, Sighting
from expectations.reading import Chunk, read_chunk, read_numbers
from expectations.reasons import collect, of_duplicates, put_in_words
from expectations.suite import (
    JUDGED_FIELDS,
    NUMBERS,
    UNIQUE_PASSENGER,
    UNREADABLE_LINE,
    Policy,
    list_rules,
    row_rules,
    rules_digest,
    table_rules,
)
from expectations.tally import Tally, judge_batches
from expectations.verdict import RefusedRow, RuleResult, Verdict
from expectations.writing import UnfinishedTable, unfinished_table
from titanic_model.contract import LABEL, SOURCE_ID
from titanic_model.identity import passenger_keys
from titanic_model.schemas import QUARANTINE_SCHEMA, RAW_SCHEMA, VALIDATED_SCHEMA

CHUNK_ROWS = 250_000
_CHUNK_BYTES = 512 * 1024 * 1024
# How many quarantined rows per rule the verdict shows.
_SHOWN_PER_RULE = 5
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
        work = _Validation(judge, keeping, refusing)
        for chunk in _chunks(_checked(batches, judge), chunk_rows):
            work.take(chunk)
        verdict = work.verdict(policy)
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
                yield pa.concat_batches(waiting)
                waiting, waiting_rows, waiting_bytes = [], 0, 0
            waiting.append(piece)
            waiting_rows += len(piece)
            waiting_bytes += piece.nbytes
    if waiting:
        yield pa.concat_batches(waiting)


class _Validation:
    """The state that a validation carries from chunk to chunk."""

    def __init__(self, judge: Judge, kept: UnfinishedTable, quarantined: UnfinishedTable) -> None:
        self._judge = judge
        self._kept = kept
        self._quarantined = quarantined
        self._seen = SeenPassengers()
        self._numbers = PassengerNumbers()
        self._tally = Tally()
        self._broken: dict[str, int] = {}
        self._sample: list[RefusedRow] = []
        self._shown: dict[str, int] = {}
        self._rows = 0

    def take(self, raw: pa.RecordBatch) -> None:
        """Judge one chunk and write every row of it to one side or the other."""
        chunk = read_chunk(raw)
        batch = self._tally.batch_of(raw)
        broken = self._judge.broken(row_rules(), chunk.frame)
        unreadable = ~chunk.line_readable
        refusals = []
        bad = np.zeros(len(raw), dtype=bool)
        for rule in row_rules():
            places = broken.get(rule.name)
            if places is None:
                continue
            if rule.name != UNREADABLE_LINE:
                places = places[~unreadable[places]]
            self._count(rule.name, len(places))
            if rule.refuses and len(places):
                bad[places] = True
                refusals.append((rule.name, places, put_in_words(rule, raw.take(places))))

        good = np.flatnonzero(~bad)
        label = chunk.numbers[LABEL].values.fill_null(-1).to_numpy(zero_copy_only=False)
        label = label.astype(np.int64)
        line = raw["source_line"].to_numpy(zero_copy_only=False)
        where = Sighting(batch, line, label)
        keys = self._keys(raw, chunk, good)
        again, first = self._seen.add(keys, where.at(good))
        duplicate = np.zeros(len(raw), dtype=bool)
        if len(again):
            places = good[again]
            duplicate[places] = True
            self._count(UNIQUE_PASSENGER, len(places))
            words = of_duplicates(self._tally.sources, first, label[places])
            refusals.append((UNIQUE_PASSENGER, places, words))

        self._keep(raw, chunk, ~(bad | duplicate), ~duplicate[good], keys, batch)
        if refusals:
            self._refuse(raw, bad | duplicate, refusals)
        self._rows += len(raw)
        self._tally.add(
            batch,
            bad=bad,
            duplicate=duplicate,
            survived=label == 1,
            missing_fields=((field.name, chunk.missing(field.name)) for field in JUDGED_FIELDS),
        )

    def _count(self, rule: str, rows: int) -> None:
        self._broken[rule] = self._broken.get(rule, 0) + rows

    @staticmethod
    def _keys(raw: pa.RecordBatch, chunk: Chunk, good: NDArray[np.intp]) -> pa.Array:
        columns = (
            chunk.texts["name"],
            chunk.texts["ticket"],
            raw["source"],
            chunk.texts[SOURCE_ID],
            raw["source_line"],
        )
        if len(good) < len(raw):
            columns = tuple(column.take(pa.array(good)) for column in columns)
        return passenger_keys(*columns)

    def _keep(
        self,
        raw: pa.RecordBatch,
        chunk: Chunk,
        keep: NDArray[np.bool_],
        keep_of_good: NDArray[np.bool_],
        keys: pa.Array,
        batch: NDArray[np.int64],
    ) -> None:
        """Write the valid rows, in the contract's types."""
        if not keep.any():
            return
        everything = bool(keep.all())
        mask = pa.array(keep)

        def kept(column: pa.Array) -> pa.Array:
            return column if everything else column.filter(mask)

        columns = {name: kept(raw[name]) for name in ("source", "source_digest", "source_line")}
        columns |= {name: kept(text) for name, text in chunk.texts.items()}
        columns["passenger_key"] = keys if everything else keys.filter(pa.array(keep_of_good))
        columns["passenger_id"] = pa.array(
            self._numbers.assign(self._wanted(chunk.texts[SOURCE_ID], batch)[keep])
        )
        for field in NUMBERS:
            numbers = kept(chunk.numbers[field.name].values)
            if field.default is not None:
                numbers = numbers.fill_null(float(field.default))
            columns[field.name] = pc.cast(numbers, VALIDATED_SCHEMA.field(field.name).type)
        self._kept.write([columns[name] for name in VALIDATED_SCHEMA.names])

    def _wanted(self, own_ids: pa.Array, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number each row asks for, 0 for none."""
        numbers = read_numbers(own_ids, whole=True)
        own = numbers.values.fill_null(0).to_numpy(zero_copy_only=False)
        wanted = np.clip(own, 0, 2.0**53).astype(np.int64)
        first_source = batch == 0
        row_number = self._tally.rows_of(0) + np.cumsum(first_source)
        return np.where(first_source & numbers.missing, row_number, wanted)

    def _refuse(
        self,
        raw: pa.RecordBatch,
        out: NDArray[np.bool_],
        refusals: list[tuple[str, NDArray[np.intp], pa.Array]],
    ) -> None:
        """Write the other rows, as they came, with what they broke."""
        rows = raw.filter(pa.array(out))
        position = np.cumsum(out) - 1
        rules, reasons = collect(
            len(rows), [(name, position[places], words) for name, places, words in refusals]
        )
        self._quarantined.write([*rows.columns, rules, reasons])
        for name, places, _ in refusals:
            room = _SHOWN_PER_RULE - self._shown.get(name, 0)
            for place in position[places[:room]].tolist():
                self._shown[name] = self._shown.get(name, 0) + 1
                self._sample.append(
                    RefusedRow(
                        source=rows["source"][place].as_py(),
                        line=rows["source_line"][place].as_py(),
                        rules=tuple(rules[place].as_py()),
                        reasons=reasons[place].as_py(),
                    )
                )

    def verdict(self, policy: Policy) -> Verdict:
        """What was found, once everything has been taken."""
        batches, of_batches = judge_batches(self._judge, self._tally.profiles(), policy)
        return Verdict(
            rows_in=self._rows,
            rows_kept=self._kept.rows,
            rows_quarantined=self._quarantined.rows,
            batches=batches,
            results=(
                *(RuleResult.of(rule, self._rows, 0) for rule in table_rules()),
                *(
                    RuleResult.of(rule, self._rows, self._broken.get(rule.name, 0))
                    for rule in (*row_rules(), *list_rules())
                ),
                *of_batches,
            ),
            sample=tuple(dict.fromkeys(self._sample)),
            rules_digest=rules_digest(policy),
            policy=policy,
        )
