"""Where a bento is made before it counts: out of the way, gone afterwards, seen by BentoML."""

import tempfile

from titanic_assets.releasing.scratch import in_plain_sight, scratch_in


def test_what_is_left_by_one_who_was_killed_is_gone(tmp_path):
    scratch, elsewhere = tmp_path / "unfinished", tmp_path / "elsewhere"
    for folder in (scratch / "home", elsewhere / "release"):
        folder.mkdir(parents=True)
    (scratch / "context").symlink_to(elsewhere)

    with scratch_in(tmp_path) as again:
        assert list(again.iterdir()) == []
        assert not elsewhere.exists()

    assert not again.exists()


def test_bentoml_reads_from_where_nothing_is_hidden(tmp_path, monkeypatch):
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(hidden))

    with in_plain_sight(tmp_path) as folder:
        assert not [part for part in folder.resolve().parts if part.startswith(".")]
        assert (tmp_path / "context").samefile(folder)

    assert not folder.exists()
