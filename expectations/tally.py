"""Counting per batch while chunks pass by, and the profile table the batch rules run on."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from expectations.batch_rules import Policy, batch_rules, missing
from expectations.judging import Judge
from expectations.row_rules import JUDGED_FIELDS
from expectations.verdict import BatchProfile, RuleResult

Flags = NDArray[np.bool_]


@dataclass
class _Count:
    """What has been counted of one batch so far."""

    rows: int = 0
    bad: int = 0
    duplicates: int = 0
    valid: int = 0
    survivors: int = 0
    missing: Counter[str] = field(default_factory=Counter)


class Tally:
    """The batches met so far, numbered in the order of their first rows, and their counts."""

    def __init__(self) -> None:
        """No batch has been met."""
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: list[_Count] = []

    @property
    def sources(self) -> list[str]:
        """The batches' names, in the order of their numbers."""
        return [source for source, _ in self._numbers]

    def batch_of(self, raw: pa.RecordBatch) -> NDArray[np.int64]:
        """The number of each row's batch."""
        source = raw["source"].fill_null("").dictionary_encode()
        digest = raw["source_digest"].fill_null("").dictionary_encode()
        if len(source.dictionary) == len(digest.dictionary) == 1:
            number = self._number(source.dictionary[0].as_py(), digest.dictionary[0].as_py())
            return np.full(len(raw), number, dtype=np.int64)
        width = len(digest.dictionary)
        pairs = source.indices.to_numpy().astype(np.int64) * width + digest.indices.to_numpy()
        different, first, place = np.unique(pairs, return_index=True, return_inverse=True)
        numbers = np.empty(len(different), dtype=np.int64)
        for position in np.argsort(first):
            name, content = divmod(int(different[position]), width)
            numbers[position] = self._number(
                source.dictionary[name].as_py(), digest.dictionary[content].as_py()
            )
        return numbers[place]

    def _number(self, source: str, digest: str) -> int:
        number = self._numbers.setdefault((source, digest), len(self._numbers))
        if number == len(self._counts):
            self._counts.append(_Count())
        return number

    def rows_of(self, number: int) -> int:
        """How many rows of a batch have been counted."""
        return self._counts[number].rows if number < len(self._counts) else 0

    def add(
        self,
        batch: NDArray[np.int64],
        *,
        bad: Flags,
        duplicate: Flags,
        survived: Flags,
        missing_fields: Iterable[tuple[str, Flags]],
    ) -> None:
        """Count the rows of a chunk; `survived` is only looked at in rows that are not bad."""

        def per_batch(flags: Flags) -> list[tuple[_Count, int]]:
            totals = np.bincount(batch[flags], minlength=0)
            return [(self._counts[n], int(totals[n])) for n in np.flatnonzero(totals)]

        for count, rows in per_batch(np.ones(len(batch), dtype=bool)):
            count.rows += rows
        for count, rows in per_batch(bad):
            count.bad += rows
        for count, rows in per_batch(duplicate):
            count.duplicates += rows
        for count, rows in per_batch(~bad):
            count.valid += rows
        for count, rows in per_batch(survived & ~bad):
            count.survivors += rows
        for name, flags in missing_fields:
            for count, rows in per_batch(flags):
                count.missing[name] += rows

    def profiles(self) -> tuple[BatchProfile, ...]:
        """The batches as counted, not judged yet."""
        return tuple(
            BatchProfile(
                source=source,
                digest=digest,
                rows=count.rows,
                bad=count.bad,
                duplicates=count.duplicates,
                label_mean=count.survivors / count.valid if count.valid else None,
                missing_shares=tuple(
                    (field.name, count.missing[field.name] / count.rows) for field in JUDGED_FIELDS
                ),
            )
            for (source, digest), count in zip(self._numbers, self._counts, strict=True)
        )


def judge_batches(
    judge: Judge, profiles: tuple[BatchProfile, ...], policy: Policy
) -> tuple[tuple[BatchProfile, ...], list[RuleResult]]:
    """The profiles with refusals and warnings in words, and how each batch rule fared."""
    rules = batch_rules(policy)
    if not profiles:
        return (), [RuleResult.of(rule, 0, 0) for rule in rules]
    table = profile_table(profiles)
    broken = judge.broken(rules, table)
    facts = table.to_dict(orient="records")
    refusals: list[list[str]] = [[] for _ in profiles]
    warnings: list[list[str]] = [[] for _ in profiles]
    counts = dict.fromkeys((rule.name for rule in rules), 0)
    for rule in rules:
        for row in broken.get(rule.name, ()):
            words = rule.wrong.format(**{str(name): value for name, value in facts[row].items()})
            spared = rule.refuses and profiles[row].source in policy.never_refused
            (refusals if rule.refuses and not spared else warnings)[row].append(words)
            counts[rule.name] += not spared
    judged = tuple(
        replace(profile, refused_because=tuple(refusals[row]), warnings=tuple(warnings[row]))
        for row, profile in enumerate(profiles)
    )
    results = [RuleResult.of(rule, len(profiles), counts[rule.name]) for rule in rules]
    return judged, results


def profile_table(profiles: Iterable[BatchProfile]) -> pd.DataFrame:
    """One row per batch, with a column for everything the batch rules speak of."""
    return pd.DataFrame(
        [
            {
                "rows": profile.rows,
                "valid_rows": profile.valid_rows,
                "bad": profile.bad,
                "bad_share": profile.bad_share,
                "duplicates": profile.duplicates,
                "duplicate_share": profile.duplicate_share,
                "label_mean": np.nan if profile.label_mean is None else profile.label_mean,
                **{missing(name): share for name, share in profile.missing_shares},
            }
            for profile in profiles
        ]
    )
