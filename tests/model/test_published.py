"""The folder of published releases and what says which of them are live."""

import json
from dataclasses import replace

import pytest

from tests.service.releases import a_release, of_version
from titanic_model.published import (
    CURRENT,
    Current,
    holds,
    open_published,
    publish_release,
    read_current,
    release_name,
    write_current,
)
from titanic_model.release import FILES, BrokenRelease

A, B = "1-0123456789ab", "2-ba9876543210"


@pytest.fixture(scope="module")
def release():
    return a_release("1", "logistic")


def files_of(folder, name):
    return {file: (folder / name / file).read_bytes() for file in FILES}


def test_a_release_is_named_by_its_version_and_what_is_in_it(release):
    assert release_name(release) == f"1-{release.digest[:12]}"
    assert release_name(of_version(release, "2")).startswith("2-")
    with pytest.raises(BrokenRelease, match="without a version"):
        release_name(replace(release, metadata=replace(release.metadata, version="")))


def test_publishing_twice_is_publishing_once_and_nothing_is_live_by_it(release, tmp_path):
    names = {publish_release(release, tmp_path) for _ in range(2)}
    assert [path.name for path in tmp_path.iterdir()] == list(names)
    assert read_current(tmp_path) is None


def test_what_is_written_as_live_is_read_as_live(tmp_path):
    for current in (Current(A), Current(B, A), Current(A, B)):
        write_current(tmp_path, current)
        assert read_current(tmp_path) == current
    assert [path.name for path in tmp_path.iterdir()] == [CURRENT]


def test_a_failed_change_leaves_what_was_live_and_no_rubbish(tmp_path):
    (tmp_path / CURRENT).mkdir()
    with pytest.raises(OSError, match="current"):
        write_current(tmp_path, Current(A))
    assert [path.name for path in tmp_path.iterdir()] == [CURRENT]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"champion": null}',
        b'{"champion": 7}',
        b'{"champion": ""}',
        b'{"champion": "latest"}',
        b'{"champion": "../../etc"}',
        b'{"champion": "1-0123456789ab\\n"}',
        b'{"champion": "1-0123456789AB"}',
        b'{"champion": "\xd9\xa1-0123456789ab"}',
        b'{"champion": "1-0123456789ab", "challenger": "../1-0123456789ab"}',
        b'{"champion": "1-0123456789ab", "challenger": ["2-0123456789ab"]}',
        b'{"champion": "1-0123456789ab", "deputy": null}',
    ],
)
def test_anything_but_names_of_releases_is_refused(content):
    with pytest.raises(BrokenRelease, match=CURRENT):
        Current.from_json(content)


def test_a_published_release_is_what_its_name_says(release, tmp_path):
    name = publish_release(release, tmp_path)
    files = files_of(tmp_path, name)
    assert open_published(files, name, "there").digest == release.digest
    other = f"1-{'0' * 12}"
    with pytest.raises(BrokenRelease, match=f"there/{other} holds the release {name}"):
        open_published(files, other, "there")
    with pytest.raises(BrokenRelease, match="which is another"):
        open_published(files, name.replace("1-", "2-", 1), "there")


def test_a_release_that_was_made_anew_under_an_old_name_is_noticed(release, tmp_path):
    name = publish_release(release, tmp_path)
    files = files_of(tmp_path, name)
    manifest = json.loads(files["manifest.json"])
    files["manifest.json"] = json.dumps(manifest).encode()  # every digest in it is right
    with pytest.raises(BrokenRelease, match="which is another"):
        open_published(files, name, "there")


def test_a_folder_holds_what_is_live_in_it_and_whole(release, tmp_path):
    assert not holds(tmp_path, release)
    name = publish_release(release, tmp_path)
    assert not holds(tmp_path, release)
    write_current(tmp_path, Current(name))
    assert holds(tmp_path, release)
    assert not holds(tmp_path, of_version(release, "2"))
    (tmp_path / name / FILES[0]).write_bytes(b"another")
    assert not holds(tmp_path, release)
