"""What the setting and the landing folder amount to, and what is said when that is nothing."""

import pytest
from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem

from tests.ingestion.passenger_lists import KAGGLE
from titanic_assets.sources.addresses import shown, without_secrets
from titanic_assets.sources.found import find_sources
from titanic_assets.sources.landed import LandedFile
from titanic_assets.sources.problems import UnavailableSource, UnknownSource


def names(setting, landed=()):
    return [source.name for source in find_sources(str(setting), landed)]


def fill(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(KAGGLE)


def test_the_packaged_list_comes_first_and_landed_ones_after_it(tmp_path):
    landed = [LandedFile(tmp_path / "z.csv", 1, 1), LandedFile(tmp_path / "a.csv", 1, 2)]
    assert names("packaged", landed) == ["titanic3.csv", "landing/z.csv", "landing/a.csv"]
    assert [source.landed for source in find_sources("packaged", landed)] == [False, True, True]


def test_a_file_is_one_source(tmp_path):
    fill(tmp_path, "list.CSV")
    assert names(tmp_path / "list.CSV") == names(f"file://{tmp_path}/list.CSV") == ["list.CSV"]


def test_a_folder_stands_for_all_lists_under_it_by_name(tmp_path):
    fill(tmp_path, "b.csv", "a.parquet", "2024/c.csv", "2024/deeper/d.CSV")
    fill(tmp_path, ".hidden.csv", "~a.csv", "e.csv.part", "e.tmp", "notes.txt", ".git/f.csv")
    assert names(tmp_path) == ["2024/c.csv", "2024/deeper/d.CSV", "a.parquet", "b.csv"]


def test_a_path_in_the_home_folder_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(tmp_path, "list.csv")
    assert names("~/list.csv") == ["list.csv"]


@pytest.mark.parametrize(
    ("setting", "fault", "words"),
    [
        ("nowhere", UnknownSource, "nowhere: there is no such file or folder.*`packaged`.*s3://"),
        ("list.txt", UnknownSource, "list.txt: this is neither a CSV nor a Parquet file"),
        ("empty", UnavailableSource, "empty: there is no CSV or Parquet file in this folder"),
        ("carrier://pigeon", UnknownSource, "carrier://pigeon: no storage is called carrier://"),
    ],
)
def test_a_setting_that_names_nothing_says_what_is_valid(
    tmp_path, monkeypatch, setting, fault, words
):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path, "list.txt", "empty/.hidden.csv")
    with pytest.raises(fault, match=words):
        find_sources(setting, ())


def test_a_driver_that_is_not_installed_is_named():
    with pytest.raises(UnknownSource, match=r"its driver is not installed.*Install what reads"):
        find_sources("dropbox://lists/list.csv", ())


def test_a_storage_that_cannot_be_opened_is_named_in_one_line():
    class Moored(MemoryFileSystem):
        def __init__(self, **options):
            super().__init__(**options)
            raise RuntimeError("no steam\nand no sail")

    register_implementation("moored", Moored)
    with pytest.raises(
        UnavailableSource, match=r"^moored://list.csv: .*\(RuntimeError: no steam\)"
    ):
        find_sources("moored://list.csv", ())


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("/data/a@b#c.csv", "/data/a@b#c.csv"),
        ("s3://bucket/a@b/c.csv", "s3://bucket/a@b/c.csv"),
        ("sftp://ann:secret@host/list.csv", "sftp://host/list.csv"),
        ("sftp://secret@host/list.csv", "sftp://host/list.csv"),
        ("https://host/list.csv?sig=secret", "https://host/list.csv"),
        ("sqlite:///ship.db#passengers", "sqlite:///ship.db#passengers"),
        ("postgresql://ann:secret@db:5432/ship#p", "postgresql://db:5432/ship#p"),
        ("postgresql+psycopg2://ann:secret/@4@db/ship#p", "postgresql+psycopg2://db/ship#p"),
        ("postgresql://db/ship?password=secret&x=y#p", "postgresql://db/ship#p"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(address, plain):
    assert shown(address) == plain
    assert without_secrets(f"cannot open {address}!", address) == f"cannot open {plain}!"


def test_a_secret_is_taken_out_of_a_message_wherever_it_stands():
    assert without_secrets("secret is wrong", "sftp://ann:secret@host/") == "*** is wrong"
    assert without_secrets("no sig=secret", "https://host/?sig=secret") == "no ***"


def test_an_escaped_password_is_taken_out_in_both_spellings():
    message = without_secrets("p%40ss or p@ss", "postgresql://ann:p%40ss@db/ship#p")
    assert message == "*** or ***"
