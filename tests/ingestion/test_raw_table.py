"""All sources as one table: in order, each content once, and no fault without its name."""

import os
import shutil
import time

import pytest

from tests.ingestion.passenger_lists import BRAUND, CUMINGS, HEADER, KAGGLE
from titanic_assets.sources.fetch import fetch
from titanic_assets.sources.found import find_sources
from titanic_assets.sources.problems import NothingToRead, SourcesFailed, UnavailableSource
from titanic_assets.sources.raw import read_sources
from titanic_assets.validation.refusals import RefusedBatches
from titanic_model.schemas import RAW_SCHEMA


@pytest.fixture
def source(home, tmp_path):
    """A home whose configured source is a small list."""
    (tmp_path / "own.csv").write_text(f"{HEADER}\n{BRAUND}\n")
    return home.model_copy(update={"titanic_source": str(tmp_path / "own.csv")})


def land(settings, name, content=KAGGLE):
    path = settings.places.landing / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    time.sleep(0.01)  # the clock of the file system is coarse, and arrival is told by it
    return path


def read(settings, rules="r1"):
    return read_sources(settings, settings.places.home / "work" / "raw.parquet", rules)


def one_more(number):
    return KAGGLE + BRAUND.replace("1,", f"{number},", 1) + "\n"


def test_the_packaged_list_is_all_there_is_at_first(home):
    report = read(home)
    assert report.rows == report.table.rows == 1309
    assert report.table.schema.equals(RAW_SCHEMA)
    (batch,) = report.batches
    assert (batch.name, batch.rows, batch.landed) == ("titanic3.csv", 1309, False)
    assert batch.absent_columns == batch.ignored_columns == ()


def test_landed_lists_come_after_the_configured_one_by_arrival(source):
    land(source, "z.csv", one_more(7))
    first = read(source)
    rows_before = first.table.to_pandas()
    land(source, "a.csv", one_more(8))
    second = read(source)
    assert [batch.name for batch in second.read] == ["own.csv", "landing/z.csv", "landing/a.csv"]
    rows = second.table.to_pandas()
    assert rows.source.tolist() == ["own.csv"] + ["landing/z.csv"] * 3 + ["landing/a.csv"] * 3
    assert rows.head(first.rows).equals(rows_before)
    assert second.fingerprint != first.fingerprint


def test_the_same_content_under_another_name_adds_nothing(source):
    before = read(source)
    shutil.copy(source.titanic_source, source.places.landing / "copy.csv")
    after = read(source)
    assert (after.rows, after.fingerprint) == (before.rows, before.fingerprint)
    assert [batch.skipped for batch in after.skipped] == ["it has the same content as own.csv"]


def test_what_each_list_contributed_is_reported(source):
    land(source, "a.csv", "survived,pclass,sex,mood\n1,1,female,glad\n1,1\n")
    batch = read(source).read[-1]
    assert (batch.rows, batch.unreadable_lines, batch.ignored_columns) == (2, 1, ("mood",))
    assert "age" in batch.absent_columns


def test_a_file_still_being_written_waits(source):
    land(source, "a.csv")
    report = read(source.model_copy(update={"landing_settle_seconds": 60}))
    assert report.unsettled == ("a.csv",)
    assert [batch.name for batch in report.batches] == ["own.csv"]


def test_all_that_cannot_be_read_is_named_at_once_and_remembered(source):
    land(source, "empty.csv", "")
    land(source, "good.csv")
    land(source, "latin.csv", "survived,pclass,sex\n1,1,weiblich\xe4\n".encode("latin-1"))
    with pytest.raises(SourcesFailed, match=r"(?s)landing/empty.csv.*landing/latin.csv") as caught:
        read(source)
    assert len(caught.value.problems) == 2
    assert "good" not in str(caught.value)

    report = read(source)
    assert [batch.name for batch in report.read] == ["own.csv", "landing/good.csv"]
    assert [batch.skipped.split(": ", 1)[0][:10] for batch in report.skipped] == ["refused on"] * 2
    assert {path.name for path in source.places.landing.iterdir()} == {
        "empty.csv",
        "good.csv",
        "latin.csv",
    }


def test_a_landing_folder_that_is_none_is_named(source):
    source.places.landing.rmdir()
    source.places.landing.write_text("a file")
    with pytest.raises(UnavailableSource, match="landing folder cannot be looked into"):
        read(source)


def test_a_mended_file_is_read_again(source):
    land(source, "a.csv", "")
    with pytest.raises(SourcesFailed):
        read(source)
    land(source, "a.csv")
    assert [batch.name for batch in read(source).read] == ["own.csv", "landing/a.csv"]


def test_a_failed_reading_leaves_the_last_table(source):
    last = read(source)
    land(source, "a.csv", "")
    with pytest.raises(SourcesFailed):
        read(source)
    assert last.table.rows == 1
    assert [path.name for path in last.table.path.parent.iterdir()] == ["raw.parquet"]


def test_a_list_refused_for_bad_rows_is_left_out_until_rules_or_limit_change(source):
    land(source, "a.csv")
    digest = read(source).read[-1].digest
    refused = RefusedBatches.of(source.places)
    refused.refuse("landing/a.csv", digest, "9 of 10 rows are bad", limit=0.05, rules="r1")
    assert "9 of 10 rows are bad" in read(source).skipped[0].skipped
    assert not read(source, "r2").skipped
    assert not read(source.model_copy(update={"bad_share_limit": 0.5})).skipped


def test_a_configured_source_that_is_unreadable_is_an_error_every_time(source, tmp_path):
    (tmp_path / "own.csv").write_text("")
    land(source, "a.csv")
    for _ in range(2):
        with pytest.raises(SourcesFailed, match=r"own.csv: the file is empty"):
            read(source)
    assert RefusedBatches.of(source.places).all() == ()


def test_a_configured_source_that_is_gone_is_an_error(source, tmp_path):
    (tmp_path / "own.csv").unlink()
    with pytest.raises(UnavailableSource, match="no such file or folder"):
        read(source)


def test_a_file_that_is_taken_away_before_its_turn_is_an_error(source, tmp_path):
    (gone,) = find_sources(source.titanic_source, ())
    (tmp_path / "own.csv").unlink()
    with pytest.raises(UnavailableSource, match=r"own.csv: the file is gone"):
        fetch(gone, tmp_path)


def test_nothing_left_to_read_is_an_error_not_an_empty_table(source):
    digest = read(source).read[0].digest
    refused = RefusedBatches.of(source.places)
    refused.refuse("own.csv", digest, "all rows are bad", limit=0.05, rules="r1")
    with pytest.raises(NothingToRead, match=r"own.csv: refused on .*all rows are bad"):
        read(source)


@pytest.fixture
def nobody(source):
    """Reading as a user without rights to everything, also where tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    for folder in [source.places.home, *source.places.home.rglob("*")]:
        os.chown(folder, 65534, 65534)
    opened = []
    for folder in source.places.home.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            opened.append((folder, mode))
            folder.chmod(mode | 0o011)
    os.seteuid(65534)
    yield
    os.seteuid(0)
    for folder, mode in opened:
        folder.chmod(mode)


@pytest.mark.usefixtures("nobody")
def test_a_file_without_permission_is_refused_until_that_changes(source):
    path = land(source, "a.csv")
    path.chmod(0)
    with pytest.raises(SourcesFailed, match=r"landing/a.csv: access is denied.*chmod"):
        read(source)
    assert [batch.name for batch in read(source).skipped] == ["landing/a.csv"]
    path.chmod(0o644)
    assert [batch.name for batch in read(source).read] == ["own.csv", "landing/a.csv"]


@pytest.mark.usefixtures("nobody")
def test_a_folder_without_permission_is_an_error(source):
    folder = source.places.home / "lists"
    folder.mkdir(mode=0)
    with pytest.raises(UnavailableSource, match=r"cannot look into .*lists: Permission denied"):
        read(source.model_copy(update={"titanic_source": str(folder)}))


def test_s3_postgres_and_landing_make_one_table(source, s3, postgres):
    import boto3
    import psycopg2

    boto3.client("s3", endpoint_url=s3).create_bucket(Bucket="one-table")
    boto3.client("s3", endpoint_url=s3).put_object(Bucket="one-table", Key="a.csv", Body=KAGGLE)
    with psycopg2.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS crossing")
        cursor.execute("CREATE TABLE crossing AS SELECT 1 AS survived, 1 AS pclass, 'male' AS sex")
    connection.close()
    land(source, "b.csv", f"{HEADER}\n{CUMINGS}\n")
    for setting in ("s3://one-table/", f"{postgres}#crossing"):
        report = read(source.model_copy(update={"titanic_source": setting}))
        assert [batch.landed for batch in report.read] == [False, True]
        assert report.rows == report.table.rows
    assert [path.name for path in report.table.path.parent.iterdir()] == ["raw.parquet"]
