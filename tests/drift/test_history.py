"""The lines of earlier reports, and the pictures drawn of them."""

from dataclasses import replace

import pytest

from titanic_assets.monitoring.drift.history import History
from titanic_assets.monitoring.drift.pictures import (
    distances,
    over_time,
    short_labels,
    then_and_now,
)
from titanic_assets.monitoring.drift.report import DriftReport, FieldDrift, VersionDrift

PNG = b"\x89PNG"


def a_field(name="age", index=0.05, bar=0.1, bins=("below 16", "16 to 50", "missing")):
    shares = tuple(1 / len(bins) for _ in bins)
    return FieldDrift(name, 600, index, bar, index > bar, 0.2, 0.3, bins, shares, shares)


def a_report(number, *indices, digest="d" * 64):
    version = VersionDrift(
        version=1, digest=digest, role="champion", predictions=600, first=1e9, last=1e9 + number,
        enough=True, fields=tuple(a_field(f"field_{n}", i) for n, i in enumerate(indices)),
        quality=None, link=None, no_page=None,
    )  # fmt: skip
    return DriftReport(f"report-{number}", 1e9 + number, False, "", None, 0.1, (version,))


def test_bins_are_written_as_short_as_there_is_room():
    bins = ["up to 1", "2", "3 and more", "below 7.6188", "7.6188 to 7.8542", "missing"]

    assert short_labels(bins) == ["1", "2", "3+", "<7.62", "7.62-7.85", "missing"]


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "reports" / "drift.jsonl")


def test_each_report_adds_a_line_and_the_newest_prediction_is_known(history):
    assert history.lines() == ()
    assert history.last_of("d" * 64, 0) is None
    for number in range(3):
        history.add(a_report(number, 0.05, 0.3))
    lines = history.lines()
    assert [each.report_id for each in lines] == ["report-0", "report-1", "report-2"]
    assert lines[0].index == {"field_0": 0.05, "field_1": 0.3}
    assert lines[0].drifted == ("field_1",)
    assert history.last_of("d" * 64, 0) == 1e9 + 2
    assert history.last_of("d" * 64, 2e9) is None
    assert history.last_of("e" * 64, 0) is None


def test_a_torn_line_is_passed_over_and_spoils_no_other(history):
    history.add(a_report(0, 0.05))
    with history.path.open("ab") as file:
        file.write(b'{"report_id": "torn", "ma')
    history.add(a_report(1, 0.05))
    assert [each.report_id for each in history.lines()] == ["report-0", "report-1"]


def test_pictures_are_drawn_of_one_report_and_of_many(history):
    history.add(a_report(0, 0.05, 0.0))
    for number in range(1, 100):
        history.add(a_report(number, 0.05, 3.0, digest="e" * 64))
    for past in (history.lines()[:1], history.lines()):
        assert over_time(past, ["field_0", "field_1"]).startswith(PNG)


def test_the_same_fields_make_the_same_pictures():
    found = a_report(0, 0.0, 0.05, 25.0).versions[0]
    for picture in (distances, then_and_now):
        drawn = picture(found)
        assert drawn.startswith(PNG)
        assert drawn == picture(found)
        assert drawn != picture(replace(found, fields=(a_field("other", 1.0),)))
