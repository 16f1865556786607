"""What a killed worker leaves is closed by whoever starts next, whole lines only."""

import fcntl
import os
import signal
import subprocess
import sys
import time

import pytest

from bento_service.prediction_log.folder import this_host
from tests.service.prediction_log.logs import (
    closed_segments,
    events_of,
    line,
    numbers_in,
    open_segments,
    record,
    until,
)

# Records a numbered line about each millisecond and prints how far it is.
WORKER = """
import sys, time
from bento_service.prediction_log.log import LogPlace, PredictionLog
from tests.service.prediction_log.logs import line
log = PredictionLog(LogPlace(uri=sys.argv[1], segment_bytes=65536))
for number in range(1_000_000):
    log.record(line(number), 1)
    if number % 100 == 0:
        print(number, flush=True)
    time.sleep(0.001)
"""


def left_behind(folder, content, host=None):
    """An open segment without a writer."""
    path = (
        folder / "2026-11-20" / f"2026-11-20T08-00-00.000000Z-{host or this_host()}-0-0a1b2c3d"
        ".jsonl.open"
    )
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def start_and_close(open_log):
    """Start where something was left, and wait until that has been looked at."""
    log = open_log(seat=1)
    record(log, range(9999, 10_000))
    log.close()


def test_a_killed_worker_loses_at_most_the_last_second(open_log, folder):
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder)], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout
        for printed in worker.stdout:
            if int(printed) >= 1500:
                break
        killed = time.time()
        worker.send_signal(signal.SIGKILL)
    assert open_segments(folder)

    open_log(seat=1).close()

    assert not open_segments(folder)
    numbers = numbers_in(folder)
    assert numbers == list(range(len(numbers)))
    last = events_of(closed_segments(folder)[-1])[-1]
    assert last["time"] > killed - 1


def test_a_torn_last_line_is_cut_off(open_log, folder):
    left_behind(folder, line(0) + line(1) + line(2)[:-9])
    start_and_close(open_log)

    assert numbers_in(folder) == [0, 1, 9999]


def test_a_last_line_that_lacks_only_its_end_is_kept(open_log, folder):
    left_behind(folder, line(0) + line(1)[:-1])
    start_and_close(open_log)

    assert numbers_in(folder) == [0, 1, 9999]


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 200_000])
def test_a_torn_line_longer_than_what_is_read_at_once_is_cut_off(open_log, folder, length):
    left_behind(folder, line(0) + line(1, caller="x" * length)[:-3])
    start_and_close(open_log)

    assert numbers_in(folder) == [0, 9999]


@pytest.mark.parametrize("content", [b"", line(0)[:20]])
def test_a_segment_without_a_whole_line_disappears(open_log, folder, content):
    left_behind(folder, content)
    start_and_close(open_log)

    assert numbers_in(folder) == [9999]
    assert not open_segments(folder)


def test_a_segment_of_another_machine_is_left_until_it_is_long_untouched(open_log, folder):
    path = left_behind(folder, line(0), host="elsewhere")
    start_and_close(open_log)
    assert open_segments(folder) == [path]

    os.utime(path, (time.time() - 4000,) * 2)
    start_and_close(open_log)
    assert numbers_in(folder) == [0, 9999, 9999]


def test_a_segment_whose_writer_lives_is_left_however_old_it_looks(open_log, folder):
    path = left_behind(folder, line(0))
    os.utime(path, (0, 0))
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        start_and_close(open_log)
        assert open_segments(folder) == [path]
    start_and_close(open_log)
    assert not open_segments(folder)


def test_what_cannot_be_closed_does_not_keep_the_log_from_writing(open_log, folder):
    left_behind(folder, b"").unlink()
    (
        folder / "2026-11-20" / f"2026-11-20T08-00-00.000000Z-{this_host()}-0-0a1b2c3d.jsonl.open"
    ).mkdir()
    start_and_close(open_log)

    assert numbers_in(folder) == [9999]


def test_starting_on_what_was_left_is_said_once(open_log, folder, said):
    left_behind(folder, line(0))
    log = open_log()
    until(lambda: numbers_in(folder) == [0])
    log.close()

    assert said() == ["segments of the prediction log that dead workers left open, now closed: 1"]
