"""Sorting rows into kept and quarantined, one chunk after the other."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from expectations.batch_rules import Policy
from expectations.judging import Judge
from expectations.passengers import PassengerNumbers, SeenPassengers, Sighting
from expectations.reading import Chunk, read_chunk, read_numbers
from expectations.reasons import collect, of_duplicates, put_in_words
from expectations.row_rules import (
    JUDGED_FIELDS,
    NUMBERS,
    UNIQUE_PASSENGER,
    cross_rules,
    field_rules,
    line_rules,
    list_rules,
    row_rules,
    table_rules,
)
from expectations.suite import rules_digest
from expectations.tally import Tally, judge_batches
from expectations.verdict import RefusedRow, RuleResult, Verdict
from expectations.writing import UnfinishedTable
from titanic_model.contract import LABEL, SOURCE_ID
from titanic_model.identity import passenger_keys
from titanic_model.schemas import VALIDATED_SCHEMA

# How many quarantined rows per rule the verdict shows.
_SHOWN_PER_RULE = 5
_NOWHERE = np.empty(0, dtype=np.intp)
# A rule, the rows of a chunk that break it, and for each of them the reason in words.
Refusal = tuple[str, NDArray[np.intp], pa.Array]


class RowSorter:
    """Takes chunk after chunk, and says in the end what was found."""

    def __init__(self, judge: Judge, kept: UnfinishedTable, quarantined: UnfinishedTable) -> None:
        self._judge = judge
        self._kept = kept
        self._quarantined = quarantined
        self._seen = SeenPassengers()
        self._numbers = PassengerNumbers()
        self._tally = Tally()
        self._broken: dict[str, int] = {}
        self._sample: dict[int, RefusedRow] = {}
        self._shown: dict[str, int] = {}
        self._rows = 0

    def take(self, raw: pa.RecordBatch) -> None:
        """Judge one chunk and write every row of it to one side or the other."""
        chunk = read_chunk(raw)
        batch = self._tally.batch_of(raw)
        bad, refusals = self._judge_rows(raw, chunk)
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

    def _judge_rows(
        self, raw: pa.RecordBatch, chunk: Chunk
    ) -> tuple[NDArray[np.bool_], list[Refusal]]:
        """Which rows are bad, and what each of them breaks.

        A line that cannot be split says nothing about its fields, and a field that is wrong by
        itself nothing about how it goes with others: each group of rules speaks only of rows that
        the groups before it let pass.
        """
        broken = self._judge.broken((*line_rules(), *field_rules()), chunk.frame)
        broken |= self._judge.broken(cross_rules(), chunk.frame)
        bad = np.zeros(len(raw), dtype=bool)
        refusals: list[Refusal] = []
        for rules in (line_rules(), field_rules(), cross_rules()):
            bad_before = bad.copy()
            for rule in rules:
                places = broken.get(rule.name, _NOWHERE)
                places = places[~bad_before[places]]
                self._count(rule.name, len(places))
                if rule.refuses and len(places):
                    bad[places] = True
                    refusals.append((rule.name, places, put_in_words(rule, raw.take(places))))
        return bad, refusals

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
        refusals: list[Refusal],
    ) -> None:
        """Write the other rows, as they came, with what they broke."""
        rows = raw.filter(pa.array(out))
        position = np.cumsum(out) - 1
        rules, reasons = collect(
            len(rows), [(name, position[places], words) for name, places, words in refusals]
        )
        before = self._quarantined.rows
        self._quarantined.write([*rows.columns, rules, reasons])
        for name, places, _ in refusals:
            room = _SHOWN_PER_RULE - self._shown.get(name, 0)
            for place in position[places[:room]].tolist():
                self._shown[name] = self._shown.get(name, 0) + 1
                self._sample[before + place] = RefusedRow(
                    source=rows["source"][place].as_py(),
                    line=rows["source_line"][place].as_py(),
                    rules=tuple(rules[place].as_py()),
                    reasons=reasons[place].as_py(),
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
                *(RuleResult.of(rule, 1, 0) for rule in table_rules()),
                *(
                    RuleResult.of(rule, self._rows, self._broken.get(rule.name, 0))
                    for rule in (*row_rules(), *list_rules())
                ),
                *of_batches,
            ),
            sample=tuple(self._sample[place] for place in sorted(self._sample)),
            rules_digest=rules_digest(policy),
            policy=policy,
        )
