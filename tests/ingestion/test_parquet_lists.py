"""Parquet lists: plain columns of any type, as the same text that a CSV file would have."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.ingestion.passenger_lists import KAGGLE, a_list, rows_of, taken
from titanic_assets.sources.lists import read_batches
from titanic_assets.sources.problems import (
    BrokenParquet,
    ChangedWhileRead,
    EmptyFile,
    NoRows,
    NotAPassengerList,
    UnavailableSource,
)
from titanic_model.schemas import PACKAGED_LIST

A_PASSENGER = {"survived": 1, "pclass": 3, "sex": "male"}


def a_parquet_list(folder, table, **options):
    pq.write_table(table, folder / "list.parquet", **options)
    return taken(folder / "list.parquet")


def without_provenance(rows):
    return [{**row, "source": None, "source_digest": None} for row in rows]


@pytest.mark.parametrize("content", [KAGGLE.encode(), PACKAGED_LIST.read_bytes()])
def test_csv_and_parquet_of_the_same_list_are_equal(tmp_path, content):
    from_csv = a_list(tmp_path, content)
    texts = pyarrow.csv.read_csv(from_csv.path)
    columns = {name: pa.string() for name in texts.column_names}
    options = pyarrow.csv.ConvertOptions(column_types=columns, strings_can_be_null=True)
    texts = pyarrow.csv.read_csv(from_csv.path, convert_options=options)
    from_parquet = a_parquet_list(tmp_path, texts, row_group_size=100)
    assert without_provenance(rows_of(from_parquet)) == without_provenance(rows_of(from_csv))
    assert {row["source"] for row in rows_of(from_parquet)} == {"list.parquet"}


def test_typed_columns_say_what_a_person_would_write(tmp_path):
    table = pa.table(
        {
            "Survived": pa.array([True, False]),
            "Pclass": pa.array([3, 1], pa.int8()),
            "Sex": pa.array(["male", "female"]).dictionary_encode(),
            "Age": pa.array([0.9167, float("nan")]),
            "SibSp": pa.array([1.0, None]),
            "Fare": pa.array([Decimal("7.25"), None]),
            "Ticket": pa.array(["A", ""], pa.large_string()),
            "Home.Dest": pa.array(["x", None]),
        }
    )
    wanted = ["survived", "pclass", "sex", "age", "sibsp", "fare", "ticket", "home_dest"]
    rows = rows_of(a_parquet_list(tmp_path, table))
    assert [[row[name] for name in wanted] for row in rows] == [
        ["1", "3", "male", "0.9167", "1", "7.25", "A", "x"],
        ["0", "1", "female", None, None, None, None, None],
    ]
    assert [row["source_line"] for row in rows] == [2, 3]


def test_lines_go_on_over_row_groups(tmp_path):
    table = pa.Table.from_pylist([A_PASSENGER] * 25)
    rows = rows_of(a_parquet_list(tmp_path, table, row_group_size=10))
    assert [row["source_line"] for row in rows] == list(range(2, 27))


def test_a_truncated_file_is_named_as_such(tmp_path):
    whole = a_parquet_list(tmp_path, pa.Table.from_pylist([A_PASSENGER] * 1000))
    half = whole.path.read_bytes()[: whole.size // 2]
    with pytest.raises(BrokenParquet, match=r"^half.parquet: .* cut off or damaged .*Copy it here"):
        rows_of(a_list(tmp_path, half, "half.parquet"))


def test_damage_in_the_middle_is_found_when_it_is_come_to(tmp_path):
    names = [f"passenger {number}" for number in range(50_000)]
    table = pa.Table.from_pylist([{**A_PASSENGER, "name": name} for name in names])
    file = a_parquet_list(tmp_path, table, compression="zstd")
    content = bytearray(file.path.read_bytes())
    content[1000:60_000] = bytes(59_000)
    with pytest.raises(BrokenParquet, match=r"^bad.parquet: "):
        rows_of(a_list(tmp_path, bytes(content), "bad.parquet"))


@pytest.mark.parametrize(("content", "fault"), [(KAGGLE.encode(), BrokenParquet), (b"", EmptyFile)])
def test_what_is_no_parquet_is_refused(tmp_path, content, fault):
    with pytest.raises(fault, match=r"^list.parquet: "):
        rows_of(a_list(tmp_path, content, "list.parquet"))


def test_a_file_without_rows_is_refused(tmp_path):
    table = pa.Table.from_pylist([A_PASSENGER]).slice(0, 0)
    with pytest.raises(NoRows, match="not a single passenger"):
        rows_of(a_parquet_list(tmp_path, table))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"pclass": 1, "sex": "male"}, "'survived'"),
        ({**A_PASSENGER, "age": [1.0]}, "'age' holds list.*plain column"),
    ],
)
def test_columns_that_make_no_passenger_list_are_named(tmp_path, row, words):
    with pytest.raises(NotAPassengerList, match=words):
        rows_of(a_parquet_list(tmp_path, pa.Table.from_pylist([row])))


def test_a_file_that_is_replaced_or_gone_while_it_is_read_is_caught(tmp_path):
    file = a_parquet_list(tmp_path, pa.Table.from_pylist([A_PASSENGER] * 10))
    batches = read_batches(file)
    next(batches)
    a_parquet_list(tmp_path, pa.Table.from_pylist([A_PASSENGER] * 11))
    with pytest.raises(ChangedWhileRead):
        next(batches)
    file.path.unlink()
    with pytest.raises(UnavailableSource, match="the file is gone"):
        read_batches(file)
