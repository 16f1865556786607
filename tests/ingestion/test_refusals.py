"""Refused lists are remembered for as long as they would be refused again."""

import pytest

from titanic_assets.validation.refusals import BrokenRecord, RefusedBatches
from titanic_model.places import Places

BAD_ROWS = {"limit": 0.05, "rules": "r1"}


@pytest.fixture
def refused(tmp_path):
    return RefusedBatches.of(Places(tmp_path))


def test_nothing_is_refused_at_first(refused):
    assert refused.standing("d1", 0.05, "r1") is None
    assert refused.all() == ()
    assert not refused.folder.exists()


def test_bad_rows_are_refused_until_rules_or_limit_change(refused):
    refusal = refused.refuse("landing/a.csv", "d1", "6 of 100 rows are bad", **BAD_ROWS)
    assert refused.standing("d1", 0.05, "r1") == refusal
    assert refused.standing("d1", 0.05, "r2") is None
    assert refused.standing("d1", 0.10, "r1") is None
    assert refused.standing("d2", 0.05, "r1") is None


def test_what_cannot_be_read_is_refused_whatever_the_rules_are(refused):
    refusal = refused.refuse("landing/a.csv", "d1", "it is empty")
    assert refused.standing("d1", 0.05, "r1") == refused.standing("d1", 1.0, "r2") == refusal


def test_the_last_refusal_of_a_content_counts(refused):
    refused.refuse("a.csv", "d1", "6 % are bad", **BAD_ROWS)
    refused.refuse("b.csv", "d1", "6 % are bad", limit=0.04, rules="r2")
    assert refused.standing("d1", 0.05, "r1") is None
    assert refused.standing("d1", 0.04, "r2").name == "b.csv"


def test_a_lifted_refusal_is_gone(refused):
    refused.refuse("a.csv", "d1", "6 % are bad", **BAD_ROWS)
    assert refused.lift("d1")
    assert not refused.lift("d1")
    assert refused.standing("d1", 0.05, "r1") is None


def test_all_refusals_are_listed_the_oldest_first(refused):
    for digest in ("d2", "d1", "d3"):
        refused.refuse("a.csv", digest, "it is empty")
    assert [refusal.digest for refusal in refused.all()] == ["d2", "d1", "d3"]
    assert sorted(path.name for path in refused.folder.iterdir()) == [
        "d1.json",
        "d2.json",
        "d3.json",
    ]


def test_a_record_that_cannot_be_read_is_no_absence_of_one(refused):
    refused.refuse("a.csv", "d1", "it is empty")
    (refused.folder / "d1.json").write_text('{"name": "a.c')
    with pytest.raises(BrokenRecord, match=r"d1\.json cannot be read .*delete it"):
        refused.standing("d1", 0.05, "r1")
