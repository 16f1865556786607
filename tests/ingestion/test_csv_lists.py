"""CSV lists: every cell as it came, every line accounted for, every fault named."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingestion.passenger_lists import BRAUND, CUMINGS, HEADER, KAGGLE, a_list, rows_of
from titanic_assets.sources.csv_lists import open_csv
from titanic_assets.sources.lists import open_list, read_batches
from titanic_assets.sources.problems import (
    ChangedWhileRead,
    EmptyFile,
    LineTooLong,
    NoRows,
    NotAPassengerList,
    NotUtf8,
    UnavailableSource,
)
from titanic_assets.sources.text import NOTHING
from titanic_model.schemas import PACKAGED_LIST, RAW_SCHEMA


def test_kaggles_header_is_understood(tmp_path):
    file = a_list(tmp_path)
    first, second = rows_of(file)
    assert first == dict.fromkeys(RAW_SCHEMA.names) | {
        "source_id": "1",
        "survived": "0",
        "pclass": "3",
        "name": "Braund, Mr. Owen Harris",
        "sex": "male",
        "age": "22",
        "sibsp": "1",
        "parch": "0",
        "ticket": "A/5 21171",
        "fare": "7.25",
        "embarked": "S",
        "source": "list.csv",
        "source_digest": file.digest,
        "source_line": 2,
    }
    assert (second["cabin"], second["source_line"]) == ("C85", 3)


def test_titanic3s_header_is_understood(tmp_path):
    rows = rows_of(a_list(tmp_path, PACKAGED_LIST.read_bytes()))
    assert len(rows) == 1309
    assert rows[0]["home_dest"] == "St Louis, MO"
    assert rows[-1]["source_line"] == 1310
    assert sum(row["age"] is None for row in rows) == 263


def test_columns_of_no_use_are_reported_and_so_are_absent_ones(tmp_path):
    opened = open_list(a_list(tmp_path, "survived,mood,pclass,mood,sex\n1,glad,3,sad,male\n"))
    assert opened.header.ignored == ("mood", "mood")
    assert {"age", "name", "cabin"} <= set(opened.header.absent)
    (row,) = pa.Table.from_batches(opened.batches).to_pylist()
    assert (row["survived"], row["pclass"], row["sex"]) == ("1", "3", "male")


@pytest.mark.parametrize("nothing", ["", '""', "NA", "?", "NULL", "NaN", "\\N"])
def test_texts_for_nothing_are_null(tmp_path, nothing):
    (row,) = rows_of(a_list(tmp_path, f"survived,pclass,sex,age,name\n1,3,male,{nothing},Null Ö\n"))
    assert row["age"] is None
    assert row["name"] == "Null Ö"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(KAGGLE.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(KAGGLE.replace("\n", "\r"), id="old Mac line ends"),
        pytest.param("\ufeff" + KAGGLE, id="byte order mark"),
        pytest.param(KAGGLE.rstrip("\n"), id="no line end at the end"),
        pytest.param(KAGGLE.upper(), id="capitals"),
    ],
)
def test_how_a_file_was_saved_does_not_matter(tmp_path, content):
    rows = rows_of(a_list(tmp_path, content))
    assert [(row["ticket"].lower(), row["source_line"]) for row in rows] == [
        ("a/5 21171", 2),
        ("pc 17599", 3),
    ]


def test_a_line_with_a_wrong_number_of_cells_is_kept_whole(tmp_path):
    content = f'{HEADER}\n{BRAUND}\nhalf,a "line"\n{CUMINGS}\n{BRAUND},and more,\n'
    rows = rows_of(a_list(tmp_path, content))
    assert [(row["source_line"], row["source_id"], row["unreadable"]) for row in rows] == [
        (2, "1", None),
        (3, None, 'half,a "line"'),
        (4, "2", None),
        (5, None, f"{BRAUND},and more,"),
    ]
    assert {row["source"] for row in rows} == {"list.csv"}


def test_a_cell_over_two_lines_is_one_cell(tmp_path):
    over_two = BRAUND.replace(", Mr.", ",\nMr.")
    rows = rows_of(a_list(tmp_path, f"{HEADER}\n{over_two}\nhalf\n{CUMINGS}\n"))
    assert [(row["source_line"], row["name"]) for row in rows] == [
        (2, "Braund,\nMr. Owen Harris"),
        (4, None),
        (5, "Cumings, Mrs. John"),
    ]


def test_blank_lines_are_no_passengers_and_still_count(tmp_path):
    rows = rows_of(a_list(tmp_path, f"\n\n{HEADER}\n\n{BRAUND}\n\n\n{CUMINGS}\n\n"))
    assert [(row["source_line"], row["source_id"]) for row in rows] == [(5, "1"), (8, "2")]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("cells", ['9,0,3,"open', f'{BRAUND},"open', '9,0,3,n,male,,,,,,,"open'])
def test_a_quote_that_never_closes_spoils_its_own_line_only(tmp_path, place, cells):
    lines = [BRAUND, CUMINGS]
    lines.insert(place, cells)
    rows = rows_of(a_list(tmp_path, "\n".join([HEADER, *lines, ""])))
    assert [row["source_line"] for row in rows] == [2, 3, 4]
    assert [row["unreadable"] for row in rows if row["unreadable"]] == [cells]
    assert [row["source_id"] for row in rows if row["source_id"]] == ["1", "2"]


def test_a_quote_that_never_closes_is_not_followed_for_ever(tmp_path):
    rest = [f"{n},0,3,name,male,,,,,,," for n in range(10_000)]
    rows = rows_of(a_list(tmp_path, "\n".join([HEADER, '9,0,3,"open', *rest, BRAUND])))
    assert [row["source_line"] for row in rows] == list(range(2, 10_004))
    assert [row["unreadable"] for row in rows if row["unreadable"]] == ['9,0,3,"open']


def test_a_quote_within_a_cell_is_a_letter_like_any_other(tmp_path):
    rows = rows_of(a_list(tmp_path, f'{HEADER}\n9,0,3,5" Nail,male,,,,,,,S\n{BRAUND}\n'))
    assert [row["name"] for row in rows] == ['5" Nail', "Braund, Mr. Owen Harris"]


CELLS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"', "\n", ",", "a\nb", '""', "\r\n", "\r", "é"]
)


@settings(deadline=None, max_examples=200)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=9),
    chunk_bytes=st.integers(150, 400),
)
def test_whatever_python_writes_is_read_back_line_by_line(tmp_path_factory, rows, chunk_bytes):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["survived", "pclass", "sex", "name", "ticket", "cabin"])
    lines = []
    for row in rows:
        lines.append(len(io.StringIO(text.getvalue(), newline="").readlines()) + 1)
        writer.writerow(["1", "3", "male", *row])
    file = a_list(tmp_path_factory.mktemp("lists"), text.getvalue())

    read = pa.Table.from_batches(open_csv(file, chunk_bytes).batches).to_pylist()

    assert [(row["name"], row["ticket"], row["cabin"]) for row in read] == [
        tuple(None if cell in NOTHING else cell for cell in row) for row in rows
    ]
    assert [row["source_line"] for row in read] == lines


def test_chunks_leave_no_seam(tmp_path):
    lines = [f'{n},0,3,"No {n}, Mr.",male,,,,,,,' for n in range(500)]
    lines[100] = "half"
    file = a_list(tmp_path, "\n".join([HEADER, *lines]))
    whole = pa.Table.from_batches(open_csv(file).batches)
    pieces = pa.Table.from_batches(open_csv(file, 1000).batches)
    assert pieces.column("source_line").num_chunks > 10
    assert pieces.combine_chunks().equals(whole.combine_chunks())
    assert whole.column("source_line").to_pylist() == list(range(2, 502))


@pytest.mark.parametrize(
    ("content", "fault", "words"),
    [
        pytest.param("", EmptyFile, "is empty", id="empty"),
        pytest.param("\n \n", EmptyFile, "nothing in it", id="blank"),
        pytest.param(HEADER + "\n", NoRows, "not a single passenger", id="header only"),
        pytest.param(HEADER + "\n\n\n", NoRows, "not a single passenger", id="blank lines only"),
        pytest.param("a,b\n1,2\n", NotAPassengerList, "'survived'.*a, b", id="other header"),
        pytest.param("survived;sex\n1;2\n", NotAPassengerList, "by commas", id="semicolons"),
        pytest.param(KAGGLE.encode("utf-16"), NotUtf8, "line 1 .*0xff.* as UTF-8", id="UTF-16"),
        pytest.param(KAGGLE.replace("Mrs", "Frü").encode("latin-1"), NotUtf8, "line 3", id="latin"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", NotUtf8, "line 1", id="picture"),
    ],
)
def test_a_fault_is_named_with_its_cause(tmp_path, content, fault, words):
    with pytest.raises(fault, match=f"(?s)^list.csv: .*{words}"):
        rows_of(a_list(tmp_path, content))


@pytest.mark.parametrize("head", ["", HEADER + "\n", KAGGLE])
def test_a_line_longer_than_a_chunk_is_refused(tmp_path, head):
    file = a_list(tmp_path, head + "x" * 3000)
    number = head.count("\n") + 1
    with pytest.raises(LineTooLong, match=f"line {number} is longer than 1,000 bytes"):
        list(open_csv(file, 1000).batches)


def test_a_header_with_a_cell_that_python_refuses_is_too_long(tmp_path):
    with pytest.raises(LineTooLong, match="line 1 is longer than"):
        read_batches(a_list(tmp_path, "x" * 200_000 + "\n1\n"))


def test_an_endless_line_does_not_eat_the_memory(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(KAGGLE)
    with path.open("r+b") as file:
        file.truncate(300_000_000)  # a hole: zeros that take no room on the disk
    script = """
import resource, sys
from pathlib import Path
from tests.ingestion.passenger_lists import rows_of, taken
rows_of(taken(Path(sys.argv[1]).with_name("small.csv")))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    rows_of(taken(Path(sys.argv[1])))
except Exception as error:
    unit = 1 if sys.platform == "darwin" else 1024
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit
    print(type(error).__name__, grown)
"""
    (tmp_path / "small.csv").write_text(KAGGLE)
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    fault, grown = done.stdout.split()
    assert fault == "LineTooLong"
    assert int(grown) < 100_000_000


def test_a_file_that_grows_while_it_is_read_is_caught(tmp_path):
    file = a_list(tmp_path)
    batches = read_batches(file)
    next(batches)
    with file.path.open("a") as stream:
        stream.write(BRAUND)
    with pytest.raises(ChangedWhileRead, match=r"list.csv: somebody wrote to it"):
        list(batches)


def test_a_file_caught_in_the_middle_of_a_write_is_not_taken_for_a_broken_one(tmp_path):
    file = a_list(tmp_path)
    file.path.write_bytes(b"\xff")
    with pytest.raises(ChangedWhileRead):
        read_batches(file)


def test_a_file_that_vanishes_before_or_while_it_is_read_is_named(tmp_path):
    file = a_list(tmp_path)
    batches = read_batches(file)
    next(batches)
    file.path.unlink()
    with pytest.raises(UnavailableSource, match=r"list.csv: the file is gone"):
        next(batches)
    with pytest.raises(UnavailableSource, match=r"list.csv: the file is gone"):
        read_batches(file)


def test_reading_leaves_the_file_alone(tmp_path):
    file = a_list(tmp_path)
    file.path.chmod(0o444)
    before = file.path.stat()
    rows_of(file)
    assert file.path.stat() == before
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
