"""Segments as readers and operators see them while all goes well."""

import re
import threading
from datetime import UTC, datetime

from bento_service.prediction_log.folder import this_host
from bento_service.prediction_log.log import LogState, PredictionLog
from tests.service.prediction_log.logs import (
    closed_segments,
    events_of,
    line,
    numbers_in,
    open_segments,
    record,
    until,
)


def log_threads():
    return {thread for thread in threading.enumerate() if "prediction-log" in thread.name}


def test_what_is_recorded_reaches_the_file_while_the_segment_is_open(open_log, folder):
    log = open_log()
    record(log, range(3))

    until(lambda: log.state.written == 3, within=2)
    (segment,) = open_segments(folder)
    assert segment.read_bytes().count(b"\n") == 3
    assert not closed_segments(folder)


def test_closing_writes_what_waits_and_leaves_no_thread(open_log, folder):
    before = log_threads()
    log = open_log(seat=3)
    record(log, range(100))
    log.close()

    assert numbers_in(folder) == list(range(100))
    assert not open_segments(folder)
    assert log.state == LogState(written=100, segments_closed=1)
    assert log_threads() == before


def test_a_segment_says_when_where_and_by_whom_it_was_begun(open_log, folder):
    earlier = datetime.now(UTC)
    log = open_log(seat=3)
    record(log, range(1))
    log.close()

    (segment,) = closed_segments(folder)
    begun, rest = segment.name.split("Z-", 1)
    moment = datetime.strptime(begun, "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=UTC)
    assert earlier <= moment <= datetime.now(UTC)
    assert re.fullmatch(rf"{re.escape(this_host())}-3-[0-9a-f]{{8}}\.jsonl", rest)
    assert segment.parent == folder / f"{moment:%Y-%m-%d}"


def test_no_segment_is_larger_than_allowed_and_no_line_is_cut(open_log, folder):
    log = open_log(segment_bytes=4096)
    block = b"".join(line(number) for number in range(300))
    log.record(block, 300)
    record(log, range(300, 400))
    log.close()

    assert all(path.stat().st_size <= 4096 for path in closed_segments(folder))
    assert numbers_in(folder) == list(range(400))
    assert log.state.segments_closed == len(closed_segments(folder)) > 3


def test_a_line_longer_than_a_segment_has_one_of_its_own(open_log, folder):
    log = open_log(segment_bytes=4096)
    record(log, range(2))
    log.record(line(2, caller="x" * 5000), 1)
    record(log, range(3, 5))
    log.close()

    assert [len(events_of(path)) for path in closed_segments(folder)] == [2, 1, 2]
    assert numbers_in(folder) == list(range(5))


def test_a_segment_is_closed_at_its_age_though_nothing_more_comes(open_log, folder):
    log = open_log(segment_seconds=0.1)
    record(log, range(1))

    until(lambda: numbers_in(folder) == [0])
    assert log.state.segments_closed == 1
    assert not open_segments(folder)


def test_nothing_recorded_leaves_nothing_behind(open_log, folder):
    log = open_log(segment_seconds=0.01)
    log.close()

    assert not folder.exists()


def test_readers_take_segments_away_while_the_writer_goes_on(open_log, folder):
    log = open_log(segment_bytes=4096)
    seen = []
    for first in range(0, 2000, 100):
        record(log, range(first, first + 100))
        until(lambda: log.state.backlog == 0)
        for path in closed_segments(folder):
            seen += [int(event["request_id"]) for event in events_of(path)]
            path.unlink()
    log.close()

    assert seen + numbers_in(folder) == list(range(2000))


def test_two_seats_write_to_one_folder_at_once(open_log, folder):
    logs = [open_log(seat=seat, segment_bytes=4096) for seat in (0, 1)]
    for first in range(0, 1000, 50):
        for seat, log in enumerate(logs):
            record(log, range(first, first + 50), caller=f"seat {seat}")
    for log in logs:
        log.close()

    events = [event for path in closed_segments(folder) for event in events_of(path)]
    for seat in (0, 1):
        mine = [int(e["request_id"]) for e in events if e["caller"] == f"seat {seat}"]
        assert mine == list(range(1000))


def test_a_new_log_leaves_the_segments_of_the_living_alone(open_log, folder):
    first = open_log(seat=0)
    record(first, range(5))
    until(lambda: first.state.written == 5)
    second = open_log(seat=1)
    record(second, range(5, 7))
    until(lambda: second.state.written == 2)

    assert len(open_segments(folder)) == 2
    record(first, range(7, 9))
    first.close()
    second.close()
    assert sorted(numbers_in(folder)) == list(range(9))


def test_what_comes_after_closing_is_counted_as_lost(open_log):
    log = open_log()
    log.close()

    assert record(log, range(2)) == [False, False]
    assert log.state.dropped == 2


def test_many_threads_may_record(open_log, folder):
    log = open_log(backlog=100_000)
    threads = [
        threading.Thread(target=record, args=(log, range(first, first + 2000)))
        for first in range(0, 8000, 2000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()

    assert sorted(numbers_in(folder)) == list(range(8000))
    assert log.state == LogState(written=8000, segments_closed=1)


def test_a_log_without_a_place_takes_nothing():
    log = PredictionLog(None)

    assert log.off
    assert record(log, range(1)) == [False]
    log.close()
    assert log.state == LogState()
