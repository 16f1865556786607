"""Files that are no backup, or not what was backed up, are refused before anything is written."""

import gzip
import io
import json
import tarfile

import pytest

from titanic_assets.backup.archive import read_backup
from titanic_assets.backup.making import make_backup
from titanic_assets.backup.manifest import BrokenBackup
from titanic_assets.backup.restoring import restore

LIST = "landing/list.csv"


@pytest.fixture
def archive(home, tmp_path, progress):
    return make_backup(home.settings, tmp_path / "backups", progress)[0]


@pytest.fixture
def refused(archive, tmp_path, progress):
    """Restoring it is refused, with these words, and nothing is there afterwards."""

    def check(words):
        with pytest.raises(BrokenBackup, match=words) as told:
            restore(archive, tmp_path / "new", progress)
        assert "Nothing was written" in str(told.value)
        assert str(archive) in str(told.value)
        assert not (tmp_path / "new").exists()

    return check


def rewrite(archive, change):
    """Write it anew with other members: `change` gets and returns names and contents in order."""
    with tarfile.open(archive) as tar:
        members = [(member.name, tar.extractfile(member).read()) for member in tar]
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in change(members):
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_torn(archive, refused, part):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * part)])
    refused("torn or damaged")


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.99])
def test_a_bit_that_has_flipped(archive, refused, place):
    content = bytearray(archive.read_bytes())
    content[int(len(content) * place)] ^= 4
    archive.write_bytes(content)
    refused("cannot be restored")


@pytest.mark.parametrize(
    "content",
    [b"", b"a letter", gzip.compress(b"", mtime=0), gzip.compress(b"a" * 999, mtime=0)],
    ids=["empty", "a letter", "empty gzip", "another gzip"],
)
def test_something_else(archive, refused, content):
    archive.write_bytes(content)
    refused("torn or damaged, or no backup at all|never finished, or this is something else")


def test_a_file_that_was_changed(archive, refused):
    rewrite(archive, lambda members: [(n, b"x,b\n" if n == LIST else c) for n, c in members])
    refused(f"'{LIST}' in it is not what was backed up")


def test_a_file_that_was_taken_out(archive, refused):
    rewrite(archive, lambda members: [each for each in members if each[0] != LIST])
    refused(f"'{LIST}' is missing")


def test_a_file_that_was_put_in(archive, refused):
    rewrite(archive, lambda members: [("landing/mine.csv", b""), *members])
    refused("'landing/mine.csv' was put into it")


def test_a_file_behind_the_manifest(archive, refused):
    rewrite(archive, lambda members: [*members, ("landing/mine.csv", b"")])
    refused(r"something follows its manifest\.json")


def test_one_without_its_end(archive, refused):
    rewrite(archive, lambda members: members[:-1])
    refused("never finished")


def a_link(kind, name=LIST, to="/etc/passwd"):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "landing/../../outside",
        "/outside",
        "landing//list.csv",
        "./landing/other.csv",
        LIST,
        f"{LIST}/below",
        "landing",
        a_link(tarfile.SYMTYPE, "landing/link"),
        a_link(tarfile.LNKTYPE, "landing/link"),
        a_link(tarfile.DIRTYPE, "landing/folder"),
        a_link(tarfile.FIFOTYPE, "landing/pipe"),
        a_link(tarfile.CHRTYPE, "landing/device"),
    ],
    ids=lambda member: getattr(member, "name", member),
)
def test_what_this_project_never_writes(archive, refused, name):
    # With its digest in the manifest, as somebody would do who means harm.
    def change(members):
        *files, (last, text) = members
        manifest = json.loads(text)
        called = name if isinstance(name, str) else name.name
        manifest["files"][called] = manifest["files"][LIST]
        content = dict(files)[LIST] if isinstance(name, str) else b""
        return [*files, (name, content), (last, json.dumps(manifest).encode())]

    rewrite(archive, change)
    refused("nothing that `make backup` writes")


def with_manifest(**changes):
    def change(members):
        *files, (last, text) = members
        return [*files, (last, json.dumps(json.loads(text) | changes).encode())]

    return change


def test_one_of_a_later_format_names_the_revision_that_made_it(archive, refused):
    rewrite(archive, with_manifest(format=2, code_revision="abc1234"))
    refused("format 2, and this code knows 1: restore it with revision abc1234")


@pytest.mark.parametrize("changes", [{"made": "yesterday"}, {"files": []}, {"files": {"a": 1}}])
def test_one_that_says_nonsense_of_itself(archive, refused, changes):
    rewrite(archive, with_manifest(**changes))
    refused(r"its manifest\.json cannot be read")


def test_the_test_s_own_way_of_writing_it_anew_does_no_harm(archive):
    before = read_backup(archive)
    rewrite(archive, lambda members: members)
    assert read_backup(archive) == before
