"""Predictions in bins, however they come, and the sample of them that is kept."""

from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.service.releases import packaged
from titanic_assets.monitoring.drift.counting import count
from titanic_assets.monitoring.drift.reference import MOST_ROWS, reference_rows
from titanic_assets.monitoring.drift.report import Quality
from titanic_model.reference import DRIFT_FIELDS, SCORE, Unknown


@pytest.fixture
def events(everybody):
    """Two thousand predictions, some fields unknown, the outcome of every third known."""
    people, _ = everybody
    random = np.random.default_rng(4)
    many = 2000
    drawn = [people[row] for row in random.integers(0, len(people), many)]
    table = {name: pa.array([getattr(each, name) for each in drawn]) for name in DRIFT_FIELDS}
    said = random.random(many)
    return pa.table(
        {
            **table,
            SCORE: said,
            "key": pa.array(random.integers(0, 2**64, many, dtype=np.uint64)),
            "time": 1e9 + random.random(many),
            "said": said >= 0.5,
            "name": pa.array([None if row % 4 else "Novak" for row in range(many)]),
            "cabin": pa.array([("C1", None, "")[min(row % 24, 2)] for row in range(many)]),
            "outcome": pa.array([None if row % 3 else True for row in range(many)], pa.bool_()),
        }
    )


def in_batches(events, rows=300):
    return events.to_batches(max_chunksize=rows)


def test_batches_are_counted_as_each_value_alone(events, champion):
    counted = count(in_batches(events), champion.reference, 0)
    for name, counts in counted.counts.items():
        alone = champion.reference.field(name).count(events[name].to_pylist())
        assert counts.tolist() == alone
    assert counted.predictions == len(events)
    housed = sum(row % 24 == 0 for row in range(2000))
    assert counted.unknown == Unknown(name=0.75, cabin=1 - housed / 500)


def test_the_newest_prediction_is_known_whatever_the_order(events, champion):
    backwards = in_batches(events.take(np.arange(len(events))[::-1]))
    one, other = (count(each, champion.reference, 0) for each in (in_batches(events), backwards))
    latest = int(np.argmax(events["time"].to_numpy()))
    assert one.newest == other.newest
    assert one.newest == (events["time"][latest].as_py(), events["key"][latest].as_py())
    assert one.first == min(events["time"].to_pylist())


def test_the_sample_is_bounded_and_the_same_for_any_order(events, champion):
    backwards = in_batches(events.take(np.arange(len(events))[::-1]), rows=70)
    one, other = (count(each, champion.reference, 100) for each in (in_batches(events), backwards))
    assert set(one.rows["key"].to_pylist()) == set(sorted(events["key"].to_pylist())[:100])
    assert set(one.rows["key"].to_pylist()) == set(other.rows["key"].to_pylist())


def test_what_was_said_is_held_against_what_happened(events, champion):
    quality = count(in_batches(events), champion.reference, 0).quality
    right = sum(events["said"][row].as_py() for row in range(0, len(events), 3))
    assert quality == Quality(667, right / 667)
    unknown = events.set_column(
        events.schema.get_field_index("outcome"), "outcome", pa.nulls(len(events), pa.bool_())
    )
    assert count(in_batches(unknown), champion.reference, 0).quality is None


def test_nothing_is_counted_of_nothing(champion):
    counted = count([], champion.reference, 10)
    assert (counted.predictions, counted.newest, counted.last, counted.rows) == (
        0,
        None,
        None,
        None,
    )


def test_training_keeps_its_passengers_and_of_very_many_the_same_sample(reference_table):
    assert len(reference_table) == len(packaged()) < MOST_ROWS
    assert reference_table["survived"].to_pylist() == packaged().survived.astype(bool).tolist()
    assert reference_table["age"].null_count == 227
    many = packaged().take(np.tile(np.arange(len(packaged())), 20))
    scores = [np.linspace(0, 1, len(many))] * 3
    sample = reference_rows(many, *scores)
    assert sample == reference_rows(many, *scores)
    assert len(pq.read_table(BytesIO(sample))) == MOST_ROWS
