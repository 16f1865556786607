"""Asset values on disk: whole or not at all, and the last good one stays."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
import pyarrow as pa
import pytest

from titanic_assets.asset_files import AssetFiles
from titanic_assets.tables import Table, write_table
from titanic_assets.validation.validating import remove_left_overs

SCHEMA = pa.schema([("passenger_id", pa.int64())])


def a_batch(*ids):
    return pa.record_batch([pa.array(ids, pa.int64())], schema=SCHEMA)


@dataclass(frozen=True)
class Figure:
    """A record as assets hand it over."""

    value: float
    when: datetime


def materialize(tmp_path, *assets, **kwargs):
    resources = {"io_manager": AssetFiles(folder=str(tmp_path / "assets"))}
    return dg.materialize(list(assets), resources=resources, **kwargs)


def test_a_table_travels_as_a_parquet_file_read_chunk_by_chunk(tmp_path):
    seen = []

    @dg.asset
    def passengers() -> Table:
        return write_table([a_batch(1, 2), a_batch(3)], SCHEMA, tmp_path / "work" / "p.parquet")

    @dg.asset
    def counted(passengers: Table) -> None:
        seen.append((passengers.rows, sum(b.num_rows for b in passengers.batches())))

    assert materialize(tmp_path, passengers, counted).success
    assert seen == [(3, 3)]
    assert not (tmp_path / "work" / "p.parquet").exists()


def test_a_record_comes_back_as_the_type_that_the_asset_asks_for(tmp_path):
    seen = []
    when = datetime(2026, 1, 2, tzinfo=UTC)

    @dg.asset
    def figure() -> Figure:
        return Figure(0.82, when)

    @dg.asset
    def shown(figure: Figure) -> None:
        seen.append(figure)

    assert materialize(tmp_path, figure, shown).success
    assert seen == [Figure(0.82, when)]


def test_an_asset_that_fails_leaves_the_last_good_value(tmp_path):
    fails = False

    @dg.asset
    def passengers() -> Table:
        table = write_table([a_batch(1)], SCHEMA, tmp_path / "work" / "p.parquet")
        if fails:
            raise dg.Failure("bad list")
        return table

    assert materialize(tmp_path, passengers).success
    fails = True
    assert not materialize(tmp_path, passengers, raise_on_error=False).success
    assert Table(tmp_path / "assets" / "passengers.parquet").rows == 1


def test_an_asset_never_made_says_what_to_do(tmp_path):
    @dg.asset
    def passengers() -> Table: ...  # type: ignore[empty-body]

    @dg.asset
    def counted(passengers: Table) -> None: ...

    with pytest.raises(dg.Failure, match="passengers has no value yet: materialise it first"):
        materialize(tmp_path, passengers, counted, selection=[counted])


def test_a_writer_that_dies_leaves_the_old_table_and_no_rubbish(tmp_path):
    path = tmp_path / "p.parquet"
    write_table([a_batch(1)], SCHEMA, path)

    def half_a_table():
        yield a_batch(5)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_table(half_a_table(), SCHEMA, path)
    assert Table(path).to_pandas()["passenger_id"].tolist() == [1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["p.parquet"]


def test_what_a_killed_run_left_unfinished_is_removed_after_a_day(tmp_path):
    path = tmp_path / ".passengers.run.parquet"

    def killed_here():
        yield a_batch(1)
        unfinished = [entry.name for entry in tmp_path.iterdir()]
        assert len(unfinished) == 1
        for name in (*unfinished, path.name, "passengers.parquet"):
            (tmp_path / f"{name}.old").write_text("left over")
            os.utime(tmp_path / f"{name}.old", (1000, 1000))
        (tmp_path / ".fetched-x").mkdir()
        (tmp_path / ".fetched-x" / "copy.csv").write_text("left over")
        os.utime(tmp_path / ".fetched-x", (1000, 1000))
        remove_left_overs(tmp_path, before=2000)
        assert {entry.name for entry in tmp_path.iterdir()} == {
            *unfinished,
            "passengers.parquet.old",
        }

    assert write_table(killed_here(), SCHEMA, path).rows == 1


def test_the_head_of_an_empty_table_has_its_columns(tmp_path):
    table = write_table([], SCHEMA, tmp_path / "p.parquet")
    assert list(table.head().columns) == ["passenger_id"]
    assert table.rows == 0


def test_a_table_knows_how_many_values_each_column_lacks(tmp_path):
    schema = pa.schema([("age", pa.float64()), ("cabin", pa.string())])
    batches = [
        pa.record_batch([[1.0, None], [None, None]], schema=schema),
        pa.record_batch([[None], ["C85"]], schema=schema),
    ]
    assert write_table(batches, schema, tmp_path / "p.parquet").missing == {"age": 2, "cabin": 2}
