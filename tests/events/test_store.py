"""Collected events, read back: exactly those that were asked for, with what became of them."""

import random

import numpy as np
import pyarrow as pa

from tests.events.conftest import NOON, predictions
from tests.prediction_log.lines import a_line, an_outcome
from titanic_assets.monitoring.events.manifest import VersionSpan
from titanic_assets.monitoring.events.outcomes import OutcomeIndex
from titanic_assets.monitoring.events.schema import OUTCOME_SCHEMA, PREDICTION_SCHEMA

MINUTE = 60.0


def some_hours(home):
    """Two workers, two versions, four collections: a prediction a minute and worker."""
    for hour in range(4):
        for worker in range(2):
            lines = [
                a_line(
                    NOON + hour * 3600 + n * MINUTE + worker * 0.5,
                    request_id=f"{hour}-{n}-{worker}",
                    version="1" if hour * 60 + n < 90 else "2",
                    age=float(n),
                )
                for n in range(60)
            ]
            home.segment(f"{12 + hour}:00:00", lines, writer=f"host-{worker}")
        home.collect()


def ids(batches):
    return [name for batch in batches for name in batch.column("request_id").to_pylist()]


def test_predictions_between_two_times_by_one_version_are_exactly_those(home):
    some_hours(home)
    since, until = NOON + 80 * MINUTE, NOON + 100 * MINUTE
    asked = {"since": since, "until": until, "version": "2"}
    found = ids(home.store.predictions(["request_id"], **asked))
    expected = {f"1-{n}-{worker}" for n in range(30, 41) for worker in range(2)} - {"1-40-1"}
    assert sorted(found) == sorted(expected)
    assert ids(home.store.predictions(["request_id"], version="3")) == []
    assert len(ids(home.store.predictions(["request_id"]))) == 480


def test_columns_come_as_they_were_asked_for(home):
    some_hours(home)
    asked = ["age", "request_id"]
    (batch, *_) = home.store.predictions(asked, since=NOON + 1, version="1", outcomes=True)
    assert batch.schema.names == [*asked, "outcome"]
    (batch, *_) = home.store.predictions()
    assert batch.schema.equals(PREDICTION_SCHEMA)


def test_newest_first_begins_with_the_newest_collection(home):
    some_hours(home)
    hours = [name[0] for name in ids(home.store.predictions(["request_id"], newest_first=True))]
    assert hours == sorted(hours, reverse=True)
    first = next(home.store.predictions(["request_id"], newest_first=True))
    assert len(first) == 120


def test_the_newest_few_are_exactly_the_newest_in_their_order(home):
    some_hours(home)
    late = [a_line(NOON + 30.25, request_id="late", version="1")]  # collected last, made early
    home.segment("23:00:00", late)
    home.collect()
    newest = home.store.newest(5, ["request_id"])
    assert newest["request_id"].to_pylist() == ["3-57-1", "3-58-0", "3-58-1", "3-59-0", "3-59-1"]
    of_one = home.store.newest(3, ["request_id"], version="1", outcomes=True)
    assert of_one["request_id"].to_pylist() == ["1-28-1", "1-29-0", "1-29-1"]
    assert of_one["outcome"].to_pylist() == [None] * 3
    earliest = home.store.newest(2, ["request_id"], until=NOON + 45)
    assert earliest["request_id"].to_pylist() == ["0-0-1", "late"]
    assert len(home.store.newest(1000, ["age"], version="1")) == 181


def test_versions_are_counted_within_the_times(home):
    some_hours(home)
    assert home.store.versions() == {
        "1": VersionSpan(180, NOON, NOON + 89 * MINUTE + 0.5),
        "2": VersionSpan(300, NOON + 90 * MINUTE, NOON + 239 * MINUTE + 0.5),
    }
    assert home.store.versions(NOON + 88 * MINUTE, NOON + 90 * MINUTE) == {
        "1": VersionSpan(4, NOON + 88 * MINUTE, NOON + 89 * MINUTE + 0.5),
        "2": VersionSpan(1, NOON + 90 * MINUTE, NOON + 90 * MINUTE),
    }


def test_an_outcome_is_that_of_the_same_caller_and_request_and_the_first_word_counts(home):
    home.segment(
        "12:00:00",
        [
            a_line(NOON, request_id="a", caller="ann"),
            a_line(NOON + 1, request_id="a", caller="bob"),
            a_line(NOON + 2, request_id="b", caller="bob"),
            a_line(NOON + 3, request_id="c", caller="bob"),
            an_outcome(NOON + 60, request_id="b", caller="bob", survived=True),
            an_outcome(NOON + 50, request_id="b", caller="bob", survived=False),
            an_outcome(NOON + 70, request_id="a", caller="bob", survived=True),
            an_outcome(NOON + 70, request_id="c", caller="ann", survived=True),
        ],
    )
    home.collect()
    rows = [
        (row["caller"], row["request_id"], row["outcome"])
        for batch in home.store.predictions(["caller", "request_id"], outcomes=True)
        for row in batch.to_pylist()
    ]
    expected = [("ann", "a", None), ("bob", "a", True), ("bob", "b", False), ("bob", "c", None)]
    assert rows == expected


def test_an_outcome_that_comes_days_later_is_found(home):
    home.segment("12:00:00", predictions(0, 2))
    home.collect()
    home.segment("12:00:00", [an_outcome(NOON + 9e5, request_id="1")], day="2026-12-01")
    home.collect()
    (batch,) = home.store.predictions([], since=NOON, until=NOON + 60, outcomes=True)
    assert batch.column("outcome").to_pylist() == [None, True]


def test_the_index_of_outcomes_is_that_of_a_dictionary():
    chance = random.Random(3)  # noqa: S311 - reproducible, not secret
    said, first = [], {}
    for at in range(200_000):
        key, survived = chance.randrange(2**64 - 100_000, 2**64), chance.random() < 0.4
        said.append((key, float(at), survived))
        first.setdefault(key, survived)
    chance.shuffle(said)
    batches = [
        pa.RecordBatch.from_pylist(
            [
                {"key": k, "time": t, "request_id": "", "caller": "", "survived": s}
                for k, t, s in said[start : start + 30_000]
            ],
            schema=OUTCOME_SCHEMA,
        )
        for start in range(0, len(said), 30_000)
    ]
    index = OutcomeIndex.of(batches)
    wanted = [*list(first)[:50_000], 0, 1]
    found = index.look_up(pa.array(wanted, pa.uint64())).to_pylist()
    assert found == [first.get(key) for key in wanted]
    assert index.keys.nbytes + index.survived.nbytes == 9 * len(first)
    nobody = OutcomeIndex.of([]).look_up(pa.array(np.arange(3), pa.uint64()))
    assert nobody.to_pylist() == [None] * 3
