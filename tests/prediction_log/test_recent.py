"""Who looks at the log sees the newest predictions, also while the service writes, and no more."""

import time

import fsspec
import pytest

from bento_service.prediction_log.log import LogPlace, PredictionLog
from tests.prediction_log.lines import a_line, a_segment, an_outcome, seconds
from titanic_assets.prediction_log.recent import RecentPredictions, read_recent
from titanic_assets.prediction_log.segments import LogUnreadable

NOON = seconds("12:00:00")


def lines(first, count, **what):
    """Predictions a second apart, called by their second."""
    return [a_line(NOON + n, request_id=str(n), **what) for n in range(first, first + count)]


def asked(recent):
    return [int(event.request_id) for event in recent.events]


def test_a_log_that_nobody_has_begun_has_no_predictions(tmp_path):
    assert read_recent(str(tmp_path / "log"), 0) == RecentPredictions()


def test_what_the_service_has_just_written_is_seen_in_its_open_segment(tmp_path):
    log = PredictionLog(LogPlace(str(tmp_path), segment_seconds=3600))
    began = time.time()
    for n in range(3):
        log.record(a_line(time.time(), request_id=str(n), age=30.0), 1)
    give_up = time.monotonic() + 20
    while log.state.written < 3:
        assert time.monotonic() < give_up
        time.sleep(0.01)

    found = read_recent(str(tmp_path), began)

    assert asked(found) == [0, 1, 2]
    assert found.events[0].input.age == 30
    log.record(a_line(time.time(), request_id="3"), 1)
    log.close()
    assert asked(read_recent(str(tmp_path), began)) == [0, 1, 2, 3]


def test_predictions_of_all_workers_come_in_the_order_of_their_times(tmp_path):
    every = lines(0, 6)
    a_segment(tmp_path, "12:00:00", every[0::2], writer="host-0")
    a_segment(tmp_path, "12:00:00", every[1::2], writer="host-1", ending=".jsonl.open")

    assert asked(read_recent(str(tmp_path), NOON)) == [0, 1, 2, 3, 4, 5]


def test_only_predictions_between_the_two_times_count(tmp_path):
    a_segment(tmp_path, "12:00:00", lines(0, 10))
    a_segment(tmp_path, "12:00:10", lines(10, 10))

    assert asked(read_recent(str(tmp_path), NOON + 8, until=NOON + 11)) == [8, 9, 10, 11]


def test_a_segment_from_before_midnight_is_read_for_what_came_after(tmp_path):
    midnight = seconds("00:00:00", day="2026-11-22")
    within = [a_line(midnight + n, request_id=str(n + 60)) for n in range(-30, 30)]
    a_segment(tmp_path, "23:59:30", within)

    assert asked(read_recent(str(tmp_path), midnight)) == list(range(60, 90))


def test_the_newest_are_kept_where_there_are_too_many(tmp_path):
    a_segment(tmp_path, "12:00:00", lines(0, 100), writer="host-0")
    a_segment(tmp_path, "12:00:50", lines(50, 10), writer="host-1")

    assert asked(read_recent(str(tmp_path), NOON, most=5)) == [95, 96, 97, 98, 99]


def test_only_those_that_are_wanted_count(tmp_path):
    mixed = [*lines(0, 5), *lines(5, 5, way="batch_predict"), *lines(10, 5, version="2")]
    a_segment(tmp_path, "12:00:00", mixed)

    found = read_recent(
        str(tmp_path),
        NOON,
        most=3,
        wanted=lambda each: each.way == "predict" and each.time < NOON + 9,
    )

    assert asked(found) == [2, 3, 4]


def test_of_a_long_segment_only_the_end_is_read_and_lines_across_blocks_are_whole(tmp_path):
    a_segment(tmp_path, "12:00:00", lines(0, 3000))  # a megabyte, several blocks

    everything = read_recent(str(tmp_path), 0, most=5000)
    end = read_recent(str(tmp_path), 0, most_bytes=1000)

    assert asked(everything) == list(range(3000))
    assert everything.unreadable_lines == 0
    assert 0 < len(end.events) < 1000
    assert asked(end)[-1] == 2999


def test_segments_whose_writer_began_a_later_one_before_that_time_are_not_opened(tmp_path):
    a_segment(tmp_path, "11:58:00", [b"this would be counted\n"])
    a_segment(tmp_path, "11:59:00", lines(-60, 55))
    a_segment(tmp_path, "12:00:00", lines(0, 3))

    found = read_recent(str(tmp_path), NOON)

    assert (asked(found), found.unreadable_lines) == ([0, 1, 2], 0)


@pytest.mark.parametrize("ending", [".jsonl.open", ".jsonl"])
def test_a_torn_last_line_is_no_error(tmp_path, ending):
    whole = lines(0, 3)
    a_segment(tmp_path, "12:00:00", [*whole, lines(3, 1)[0][:100]], ending=ending)

    found = read_recent(str(tmp_path), NOON)

    assert (asked(found), found.unreadable_lines) == ([0, 1, 2], 0)


def test_an_open_segment_with_nothing_but_a_torn_line_has_no_predictions(tmp_path):
    a_segment(tmp_path, "12:00:00", [lines(0, 1)[0][:50]], ending=".jsonl.open")

    assert read_recent(str(tmp_path), NOON) == RecentPredictions()


def test_lines_that_are_no_events_are_counted_and_outcomes_passed_over(tmp_path):
    first, second = lines(0, 2)
    rubbish = [b"\n", b"rubbish\n", b'{"kind":"prediction"}\n', an_outcome(NOON + 1)]
    a_segment(tmp_path, "12:00:00", [first, *rubbish, second])

    found = read_recent(str(tmp_path), NOON)

    assert (asked(found), found.unreadable_lines) == ([0, 1], 3)


def test_files_that_are_no_segments_are_passed_over_and_counted(tmp_path):
    path = a_segment(tmp_path, "12:00:00", lines(0, 1))
    (tmp_path / "README.txt").write_text("not a day")
    (path.parent / "notes.jsonl").write_bytes(lines(1, 1)[0])
    (path.parent / path.name.replace("T12", "T99")).write_bytes(lines(2, 1)[0])
    (tmp_path / "2020-01-01").mkdir()

    found = read_recent(str(tmp_path), NOON)

    assert (asked(found), found.foreign_files) == ([0], 3)


def test_a_log_that_may_not_be_read_is_an_error_and_not_an_empty_log(tmp_path):
    day = tmp_path / "2026-11-21"
    day.write_text("a file where a day should be")
    (tmp_path / "log").symlink_to(tmp_path / "log")

    with pytest.raises(LogUnreadable, match="PREDICTION_LOG_URI is what the service logs to"):
        read_recent(str(tmp_path / "log"), NOON)


def test_a_log_on_object_storage_is_read_by_its_url(tmp_path):
    segment = a_segment(tmp_path, "12:00:00", lines(0, 3))
    memory = fsspec.filesystem("memory")
    memory.pipe(f"/bucket/log/2026-11-21/{segment.name}", segment.read_bytes())

    assert asked(read_recent("memory://bucket/log/", NOON)) == [0, 1, 2]


def test_storage_that_nothing_here_can_reach_is_an_error_without_its_password():
    with pytest.raises(LogUnreadable) as caught:
        read_recent("nowhere://ann:secret-word@host/log", NOON)
    assert "secret-word" not in str(caught.value)
