"""Each closed segment of the log becomes rows, once."""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from bento_service.prediction_log.log import LogPlace, PredictionLog
from tests.events.conftest import NOON, predictions
from tests.prediction_log.lines import a_line, an_outcome, seconds
from titanic_assets.monitoring.events.collecting import first_day
from titanic_assets.monitoring.events.showing import describe_collection
from titanic_assets.monitoring.events.writing import GROUP_ROWS


def numbers(first, count):
    return [str(n) for n in range(first, first + count)]


def test_a_log_that_nobody_has_begun_has_no_events(home):
    assert home.collect().segments == 0
    assert home.asked() == []
    assert home.store.versions() == {}


def test_what_the_service_logged_is_there_field_by_field(home):
    log = PredictionLog(LogPlace(str(home.log)))
    log.record(
        a_line(
            NOON, version="7", way="explain", latency_ms=2.5, request_id="r1", caller="ann",
            on_behalf_of="desk 4", variant="challenger", probability=0.75, pclass=1, sex="female",
            age=29.5, sibsp=1, parch=2, fare=211.3375, embarked="S", name="Allen, Miss. Élise",
            ticket="24160", cabin="B5",
        ),
        1,
    )  # fmt: skip
    log.record(an_outcome(NOON + 60, request_id="r1", caller="ann", survived=False), 1)
    log.close()

    found = home.collect()

    assert (found.segments, found.predictions, found.outcomes) == (1, 1, 1)
    (batch,) = home.store.predictions(outcomes=True)
    (row,) = batch.to_pylist()
    assert row.pop("key") > 0
    assert row == {
        "time": NOON, "request_id": "r1", "trace_id": "", "caller": "ann",
        "on_behalf_of": "desk 4", "way": "explain", "passenger_id": None, "pclass": 1,
        "sex": "female", "age": 29.5, "sibsp": 1, "parch": 2, "fare": 211.3375, "embarked": "S",
        "name": "Allen, Miss. Élise", "ticket": "24160", "cabin": "B5", "variant": "challenger",
        "model_version": "7", "probability": 0.75, "said": True, "served": True,
        "latency_ms": 2.5, "outcome": False,
    }  # fmt: skip


def test_only_new_segments_are_collected_and_open_ones_wait(home):
    home.segment("12:00:00", predictions(0, 3))
    still_open = home.segment("12:00:03", predictions(3, 2), ending=".jsonl.open")
    assert home.collect().segments == 1
    assert home.collect().segments == 0

    still_open.rename(still_open.with_suffix(""))
    home.segment("12:00:05", predictions(5, 1))

    assert home.collect().segments == 2
    assert home.asked() == numbers(0, 6)


def test_the_days_are_told_that_anything_came_on(home):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    late, early = (today - timedelta(days=days) for days in (1, 3))
    lines = [
        a_line(at.timestamp() + n, request_id=f"{at:%d}.{n}")
        for at, count in ((early, 1), (late, 2))
        for n in range(count)
    ]
    told = an_outcome(late.timestamp() + 60, request_id=f"{late:%d}.1", survived=True)
    home.segment("12:00:00", [*lines, told])

    shown = describe_collection(home.collect(), home.store)

    assert shown["by day"].value.splitlines()[2:] == [
        f"| {late:%d %b} | 2 | 1 |",
        f"| {early:%d %b} | 1 | 0 |",
    ]


def test_the_same_content_under_another_name_is_collected_once(home):
    home.segment("12:00:00", predictions(0, 3))
    home.segment("12:00:00", predictions(0, 3), writer="copy-1")
    assert home.collect().copies == 1
    home.segment("12:00:00", predictions(0, 3), writer="copy-2")
    assert home.collect().copies == 1
    assert home.asked() == numbers(0, 3)


def test_events_lie_in_the_day_of_their_time(home):
    midnight = seconds("00:00:00", day="2026-11-22")
    home.segment("23:59:59", [a_line(midnight + n, request_id=str(n)) for n in (-1, 0, 1)])
    home.collect()
    found = {path.parent.name: pq.read_metadata(path).num_rows for path in home.files()}
    assert found == {"day=2026-11-21": 1, "day=2026-11-22": 2}


def test_events_strewn_over_years_are_no_danger(home):
    days = 70
    home.segment("12:00:00", predictions(0, days, every=86_400.0))
    home.collect()
    assert home.asked() == numbers(0, days)
    assert len(home.files()) == days


def test_large_segments_are_written_in_groups_of_bounded_size(home):
    count = GROUP_ROWS + 2_345
    (line,) = predictions(0, 1)
    asked = [line.replace(b'"request_id":"0"', b'"request_id":"%d"' % n) for n in range(count)]
    home.segment("12:00:00", asked)
    home.collect()
    (path,) = home.files()
    footer = pq.read_metadata(path)
    assert footer.num_rows == count
    assert max(footer.row_group(n).num_rows for n in range(footer.num_row_groups)) <= GROUP_ROWS


def test_good_lines_of_a_torn_segment_are_kept_and_the_others_are_in_quarantine(home):
    good = predictions(0, 3)
    torn = predictions(9, 1)[0]
    home.segment("12:00:00", [good[0], b'{"kind":"schema"}\n', *good[1:], b"\n", torn[:100]])

    found = home.collect()

    assert home.asked() == numbers(0, 3)
    (refused,) = found.refused
    assert "2 lines are no events, the first is line 2" in refused.sentence
    folder = home.places.quarantine / refused.folder
    kept = [json.loads(line) for line in (folder / "lines.jsonl").read_text().splitlines()]
    assert [line["line"] for line in kept] == [2, 6]
    assert kept[1]["content"] == torn[:100].decode()
    assert all(line["reason"] for line in kept)
    assert json.loads((folder / "record.json").read_text())["bad_lines"] == 2
    assert home.collect().refused == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (b'"time":1795262400.000000', b'"time":1e300', "none of this age"),
        (b'"time":1795262400.000000', b'"time":NaN', "none of this age"),
        (b'"pclass":3', b'"pclass":4', "less than or equal to 3"),
        (b'"way":"predict"', b'"way":"predict","passenger_id":99999999999999999999', "int"),
        (b'"served":true', b'"served":true,"more":1', "Extra inputs"),
        (b'"trace_id":""', b'"trace_id":"' + b"x" * 70_000 + b'"', "longer than 65,536 bytes"),
    ],
)
def test_a_line_that_no_table_can_hold_is_no_event(home, field, value, reason):
    lines = predictions(0, 3)
    assert field in lines[0]
    home.segment("12:00:00", [lines[0].replace(field, value), *lines[1:]])
    found = home.collect()
    assert reason in found.refused[0].reason
    assert home.asked() == numbers(1, 2)


def test_two_events_on_a_line_are_none(home):
    lines = predictions(0, 4)
    home.segment("12:00:00", [lines[0][:-1] + b"," + lines[1], *lines[2:]])
    assert home.collect().bad_lines == 1
    assert home.asked() == numbers(2, 2)


def test_foreign_files_are_in_quarantine_as_they_are(home):
    home.segment("12:00:00", predictions(0, 1))
    home.segment("12:00:01", [b"%PDF-1.7\n"] * 30)
    (home.log / "notes.txt").write_text("look at this")
    (home.log / ".hidden").write_text("no")
    (home.log / "backup").mkdir()
    (home.log / "backup" / "other.jsonl").write_text("no")

    found = home.collect()

    contents = {
        refused.name.rpartition("/")[2]: (home.places.quarantine / refused.folder / "content")
        for refused in found.refused
    }
    assert contents.pop("notes.txt").read_text() == "look at this"
    (pdf,) = contents.values()
    assert pdf.read_bytes() == b"%PDF-1.7\n" * 30
    assert home.asked() == ["0"]
    assert home.collect().refused == []


def test_of_a_large_foreign_file_the_beginning_is_kept_and_little_is_read(home):
    home.segment("12:00:00", [b"x" * 1000 + b"\n"] * 20_000)
    (refused,) = home.collect().refused
    content = home.places.quarantine / refused.folder / "content"
    assert content.stat().st_size == 1 << 20
    assert refused.bad_lines < 13_000


def test_a_segment_that_grew_is_read_on_from_where_it_ended(home):
    lines = predictions(0, 6)
    path = home.segment("12:00:00", [*lines[:2], lines[2][:80]])
    home.collect()
    assert home.asked() == numbers(0, 2)

    path.write_bytes(b"".join(lines)[:-1])  # the last line lacks its end, and nothing else
    assert home.collect().predictions == 4
    path.write_bytes(b"".join([*lines, *predictions(6, 1)]))
    assert home.collect().predictions == 1

    assert home.asked() == numbers(0, 7)


def test_a_segment_that_became_another_is_not_read_as_a_new_one(home):
    path = home.segment("12:00:00", predictions(0, 3))
    home.collect()
    path.write_bytes(b"".join([*predictions(50, 1), *predictions(0, 3)]))
    (refused,) = home.collect().refused
    assert "no longer what was collected" in refused.sentence
    assert home.asked() == numbers(0, 3)


def test_files_that_cannot_be_opened_do_not_stop_the_others(home):
    home.segment("12:00:00", predictions(0, 1))
    for n in range(7):
        odd = home.segment(f"12:00:0{n}", [], writer="odd-1")
        odd.unlink()
        odd.symlink_to(odd.name)  # leads to itself
    home.segment("12:00:08", predictions(1, 1))
    found = home.collect()
    assert found.segments == 2
    assert len(found.unread) == 7
    assert "odd-1" in found.unread[0]
    assert home.asked() == ["0", "1"]
    # What can be opened at last is collected.
    odd.unlink()
    odd.write_bytes(predictions(2, 1)[0])
    home.collect()
    assert home.asked() == ["0", "1", "2"]


def test_segments_are_looked_for_thirty_days_before_the_newest_that_was_collected():
    now = seconds("12:00:00", day="2026-12-31")
    assert first_day(None, now) == date.min
    assert first_day(NOON, now) == date(2026, 10, 22)
    assert first_day(seconds("12:00:00", day="2099-01-01"), now) == date(2026, 12, 1)


def test_a_segment_that_is_late_is_collected_and_one_that_is_far_too_late_is_not(home):
    home.segment("12:00:00", predictions(0, 1))
    home.collect()
    home.segment("12:00:00", predictions(1, 1), day="2026-10-23")
    home.segment("12:00:00", predictions(2, 1), day="2026-10-21")
    home.collect()
    assert home.asked() == ["0", "1"]
