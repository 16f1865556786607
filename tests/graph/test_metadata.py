"""How a table shows itself in the UI."""

import pyarrow as pa

from titanic_assets.metadata import as_table, column_schema, describe_table, top_of_table
from titanic_assets.tables import write_table
from titanic_model.schemas import FEATURES_SCHEMA, QUARANTINE_SCHEMA, VALIDATED_SCHEMA


def test_every_column_of_every_table_is_explained():
    for schema in (QUARANTINE_SCHEMA, VALIDATED_SCHEMA, FEATURES_SCHEMA):
        unexplained = [c.name for c in column_schema(schema).columns if not c.description]
        assert unexplained == []


def test_an_explanation_tells_what_is_allowed():
    age = next(c for c in column_schema(VALIDATED_SCHEMA).columns if c.name == "age")
    assert age.type == "double"
    assert "Allowed: a number from 0 to 120, or nothing." in age.description


def test_missing_values_and_bars_do_not_break_a_preview():
    assert as_table(["a", "b", "c"], [[None, float("nan"), "x|y\nz"], [1, 0.123456, "k"]]) == (
        "| a | b | c |\n| --- | --- | --- |\n| - | - | x\\|y z |\n| 1 | 0.1235 | k |"
    )


def test_of_a_long_table_so_many_rows_are_shown_as_need_no_click():
    rows = [[number, "x" * 90] for number in range(40)]

    table = top_of_table(["row", "text"], rows)

    assert table == as_table(["row", "text"], rows[:9])
    assert len(table) < 1000 <= len(as_table(["row", "text"], rows[:10]))
    assert top_of_table(["row"], [["y" * 2000], [1]]) == as_table(["row"], [["y" * 2000]])


def test_a_value_cannot_bring_pictures_links_or_html_into_a_preview():
    name = "![x](http://elsewhere/x.png)\r\n<img src=x> [y](javascript:z)"
    assert as_table(["name"], [[name]]).splitlines()[2:] == [
        r"| !\[x](http://elsewhere/x.png) &lt;img src=x> \[y](javascript:z) |"
    ]


def test_a_table_tells_its_rows_and_shows_the_columns_asked_for(tmp_path):
    schema = pa.schema([("name", pa.string()), ("age", pa.float64())])
    batch = pa.record_batch([["Kelly", "Allen"], [None, 29.0]], schema=schema)
    described = describe_table(write_table([batch], schema, tmp_path / "t.parquet"), ["age"])
    assert described["dagster/row_count"] == 2
    assert described["preview"].value == "| age |\n| --- |\n| - |\n| 29 |"
