"""Lists on S3, over HTTP from a real server."""

import hashlib

import boto3
import pytest
from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem

from tests.ingestion.passenger_lists import KAGGLE, rows_of
from titanic_assets.sources.fetch import fetch
from titanic_assets.sources.found import find_sources
from titanic_assets.sources.problems import (
    ChangedWhileRead,
    NotUtf8,
    UnavailableSource,
    UnknownSource,
)


@pytest.fixture
def bucket(s3, request):
    """An empty bucket of the test's own."""
    client = boto3.client("s3", endpoint_url=s3)
    name = f"b{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"
    client.create_bucket(Bucket=name)

    def put(key, content=KAGGLE):
        client.put_object(
            Bucket=name, Key=key, Body=content if isinstance(content, bytes) else content.encode()
        )

    yield name, put
    client.close()


def test_an_object_is_read_where_it_lies(bucket, tmp_path):
    name, put = bucket
    put("lists/list.csv")
    (source,) = find_sources(f"s3://{name}/lists/list.csv", ())
    file = fetch(source, tmp_path)
    assert (file.name, file.uri) == ("list.csv", f"s3://{name}/lists/list.csv")
    assert file.digest == hashlib.sha256(KAGGLE.encode()).hexdigest()
    assert [row["source_id"] for row in rows_of(file)] == ["1", "2"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_prefix_stands_for_all_lists_under_it(bucket, tmp_path, slash):
    name, put = bucket
    for key in ("lists/b.csv", "lists/2024/a.csv", "lists/.c.csv", "lists/.d/e.csv", "other/f.csv"):
        put(key)
    sources = find_sources(f"s3://{name}/lists{slash}", ())
    assert [source.name for source in sources] == ["2024/a.csv", "b.csv"]
    assert len(rows_of(fetch(sources[0], tmp_path))) == 2


def test_a_whole_bucket_and_what_is_new_in_it_is_seen(bucket):
    name, put = bucket
    put("a.csv")
    assert len(find_sources(f"s3://{name}", ())) == 1
    put("b.csv")
    assert len(find_sources(f"s3://{name}", ())) == 2


def test_a_fault_in_an_object_is_named_by_its_name(bucket, tmp_path):
    name, put = bucket
    put("list.csv", KAGGLE.encode("utf-16"))
    (source,) = find_sources(f"s3://{name}/list.csv", ())
    with pytest.raises(NotUtf8, match=r"^list.csv: line 1"):
        rows_of(fetch(source, tmp_path))


def test_an_object_that_is_gone_by_the_time_it_is_read_is_an_error(bucket, tmp_path, s3):
    name, put = bucket
    put("list.csv")
    (source,) = find_sources(f"s3://{name}/list.csv", ())
    boto3.client("s3", endpoint_url=s3).delete_object(Bucket=name, Key="list.csv")
    with pytest.raises(UnavailableSource, match="there is no such bucket, folder or file"):
        fetch(source, tmp_path)


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("key", ["", "/lists/", "/list.csv"])
def test_a_bucket_that_does_not_exist_is_named(key):
    with pytest.raises(UnavailableSource, match=r"^s3://no-such-bucket.*no such bucket"):
        find_sources(f"s3://no-such-bucket{key}", ())


def test_a_prefix_without_lists_and_an_object_that_is_none_are_errors(bucket):
    name, put = bucket
    put("lists/notes.txt")
    with pytest.raises(UnavailableSource, match="no CSV or Parquet file in this folder"):
        find_sources(f"s3://{name}/lists/", ())
    with pytest.raises(UnknownSource, match="neither a CSV nor a Parquet"):
        find_sources(f"s3://{name}/lists/notes.txt", ())


@pytest.mark.usefixtures("s3")
def test_missing_credentials_are_named(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(UnavailableSource, match=r"access is denied.*AWS_ACCESS_KEY_ID"):
        find_sources("s3://bucket/list.csv", ())


@pytest.mark.usefixtures("s3")
def test_a_storage_that_is_down_is_named(monkeypatch, free_port):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UnavailableSource, match=r"cannot be read.*AWS_ENDPOINT_URL"):
        find_sources("s3://bucket/list.csv", ())


def test_an_object_that_is_replaced_while_it_is_downloaded_is_an_error(tmp_path):
    class Tide(MemoryFileSystem):
        """A storage where every object is replaced as soon as it has been read."""

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.removeprefix("tide://"))

        def get_file(self, rpath, lpath, **options):
            super().get_file(rpath, lpath, **options)
            self.pipe_file(rpath, b"another")

    register_implementation("tide", Tide, clobber=True)
    Tide().pipe_file("/list.csv", KAGGLE.encode())
    (source,) = find_sources("tide://list.csv", ())
    with pytest.raises(ChangedWhileRead, match=r"^tide://list.csv: it was replaced"):
        fetch(source, tmp_path)
