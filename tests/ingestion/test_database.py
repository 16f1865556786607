"""Tables in SQLite and in a real PostgreSQL as sources."""

import sqlite3
import traceback

import psycopg2
import pytest
from sqlalchemy import create_engine, text

from tests.ingestion.passenger_lists import a_list, rows_of
from titanic_assets.sources.fetch import fetch
from titanic_assets.sources.found import find_sources
from titanic_assets.sources.problems import (
    NoRows,
    NotAPassengerList,
    UnavailableSource,
    UnknownSource,
)
from titanic_model.schemas import PACKAGED_LIST

CREATE = """CREATE TABLE passengers (
    id INTEGER PRIMARY KEY, survived BOOLEAN, pclass SMALLINT, name TEXT, sex VARCHAR(6),
    age FLOAT, fare NUMERIC(8, 4), embarked TEXT, mood TEXT)"""
ROWS = """INSERT INTO passengers VALUES
    (2, true, 1, 'Cumings, Mrs. John', 'female', 38.5, 71.2833, NULL, 'glad'),
    (1, false, 3, 'Braund, Mr. Owen', 'male', NULL, 7.25, 'S', NULL)"""


def read(address, folder):
    (source,) = find_sources(address, ())
    file = fetch(source, folder)
    return file, rows_of(file)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """A database of either kind: its address, and a way to speak to it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/ship.db"
        sqlite3.connect(tmp_path / "ship.db").close()
    else:
        url = request.getfixturevalue("postgres")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))

    def speak(*statements):
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    speak("DROP VIEW IF EXISTS ladies", "DROP TABLE IF EXISTS passengers")
    yield url, speak
    engine.dispose()


def test_a_table_is_read_as_text_in_the_order_of_its_key(database, tmp_path):
    url, speak = database
    speak(CREATE, ROWS)
    file, rows = read(f"{url}#passengers", tmp_path)
    wanted = ["source_id", "survived", "pclass", "name", "age", "embarked", "source_line"]
    assert [[row[name] for name in wanted] for row in rows] == [
        ["1", "0", "3", "Braund, Mr. Owen", None, "S", 2],
        ["2", "1", "1", "Cumings, Mrs. John", "38.5", None, 3],
    ]
    assert [float(row["fare"]) for row in rows] == [7.25, 71.2833]
    assert {row["source_digest"] for row in rows} == {file.digest}


def test_the_digest_follows_the_content_not_the_order_of_writing(database, tmp_path):
    url, speak = database
    speak(CREATE, ROWS)
    before, _ = read(f"{url}#passengers", tmp_path)
    speak("UPDATE passengers SET mood = 'glad' WHERE id = 2")
    assert read(f"{url}#passengers", tmp_path)[0].digest == before.digest
    speak("UPDATE passengers SET mood = 'sad' WHERE id = 2")
    assert read(f"{url}#passengers", tmp_path)[0].digest != before.digest


def test_a_view_is_read_like_a_table(database, tmp_path):
    url, speak = database
    speak(CREATE, ROWS, "CREATE VIEW ladies AS SELECT * FROM passengers WHERE sex = 'female'")
    _, rows = read(f"{url}#ladies", tmp_path)
    assert [row["name"] for row in rows] == ["Cumings, Mrs. John"]


def test_a_missing_table_is_named_with_those_there_are(database, tmp_path):
    url, speak = database
    speak(CREATE)
    with pytest.raises(UnavailableSource, match=r"no table 'crew'.*tables there: passengers"):
        read(f"{url}#crew", tmp_path)
    with pytest.raises(UnavailableSource, match=r"no table is named.*after the #"):
        read(url, tmp_path)


def test_an_empty_table_and_one_of_something_else_are_refused(database, tmp_path):
    url, speak = database
    speak(CREATE)
    with pytest.raises(NoRows, match="not a single passenger"):
        read(f"{url}#passengers", tmp_path)
    speak("ALTER TABLE passengers DROP COLUMN survived")
    with pytest.raises(NotAPassengerList, match="'survived'"):
        read(f"{url}#passengers", tmp_path)


def test_a_schema_can_be_named(postgres, tmp_path):
    with psycopg2.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS ship")
        cursor.execute("CREATE TABLE IF NOT EXISTS ship.list (survived INT, pclass INT, sex TEXT)")
        cursor.execute("INSERT INTO ship.list VALUES (1, 1, 'female')")
    connection.close()
    _, rows = read(f"{postgres}#ship.list", tmp_path)
    assert [row["sex"] for row in rows] == ["female"]


def test_sqlite_may_mix_types_in_a_column(tmp_path):
    with sqlite3.connect(tmp_path / "ship.db") as connection:
        connection.execute("CREATE TABLE list (survived, pclass, sex, age, name)")
        connection.execute("INSERT INTO list VALUES (1, 3, 'male', '22', x'4f7765ff')")
        connection.execute("INSERT INTO list VALUES (0, '1', 'female', 38.5, 'Ann')")
    connection.close()
    _, rows = read(f"sqlite:///{tmp_path}/ship.db#list", tmp_path)
    assert [(row["pclass"], row["age"], row["name"]) for row in rows] == [
        ("1", "38.5", "Ann"),
        ("3", "22", "Owe\ufffd"),
    ]


def test_the_packaged_list_out_of_a_table_equals_the_file(tmp_path):
    import pandas as pd

    from_csv = rows_of(a_list(tmp_path, PACKAGED_LIST.read_bytes()))
    columns = pd.read_csv(PACKAGED_LIST, dtype=str, keep_default_na=False, na_values=[""])
    with sqlite3.connect(tmp_path / "ship.db") as connection:
        columns.to_sql("list", connection, index=False)
    connection.close()
    _, rows = read(f"sqlite:///{tmp_path}/ship.db#list", tmp_path)
    assert in_any_order(rows) == in_any_order(from_csv)


def in_any_order(rows):
    return sorted([str(cell) for name, cell in row.items() if "source" not in name] for row in rows)


def test_a_sqlite_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(UnavailableSource, match=r"there is no such database file.*absolute"):
        read(f"sqlite:///{tmp_path}/gone.db#list", tmp_path)
    assert not (tmp_path / "gone.db").exists()


def test_a_file_that_is_no_database_is_an_error(tmp_path):
    (tmp_path / "ship.db").write_text("not a database at all, " * 100)
    with pytest.raises(UnavailableSource, match="file is not a database"):
        read(f"sqlite:///{tmp_path}/ship.db#list", tmp_path)


def test_a_database_that_is_down_is_named_without_its_password(tmp_path, free_port):
    address = f"postgresql://ann:s3cret-word@127.0.0.1:{free_port}/ship?sslmode=disable#list"
    with pytest.raises(UnavailableSource, match=r"does not answer.*refused") as caught:
        read(address, tmp_path)
    assert str(caught.value).startswith(f"postgresql://127.0.0.1:{free_port}/ship#list: ")
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_the_password_is_nowhere_in_what_is_kept(postgres, tmp_path):
    with psycopg2.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS safe")
        cursor.execute("CREATE TABLE safe AS SELECT 1 AS survived, 1 AS pclass, 'male' AS sex")
    connection.close()
    address = postgres.replace("postgres:@", "postgres:s3cret-word@") + "#safe"
    assert "s3cret" in address
    (source,) = find_sources(address, ())
    file = fetch(source, tmp_path)
    assert "s3cret" not in f"{source!r} {file!r} {rows_of(file)!r}"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:s3cret@host:port/ship#list",
        "postgresql+pigeon://ann:s3cret@host/ship#list",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_its_password(tmp_path, address):
    with pytest.raises(UnknownSource, match=r"not the address of a database.*%40") as caught:
        read(address, tmp_path)
    assert "s3cret" not in str(caught.value)
