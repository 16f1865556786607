"""A folder that cannot be written to costs no prediction, and no event before the bound."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.service.prediction_log.logs import (
    closed_segments,
    line,
    numbers_in,
    open_segments,
    record,
    until,
)


@pytest.fixture
def broken(tmp_path):
    """A place for a log where a file is in the way; root, too, cannot write there."""
    (tmp_path / "volume").write_text("not a folder")
    return tmp_path / "volume" / "log"


def mend(broken):
    broken.parent.unlink()
    broken.parent.mkdir(exist_ok=True)  # the writer may be quicker


def test_events_wait_until_the_folder_can_be_written_to(open_log, broken):
    log = open_log(broken)
    assert all(record(log, range(100)))
    until(lambda: log.state.failing)
    assert all(record(log, range(100, 200)))
    assert (log.state.backlog, log.state.written) == (200, 0)

    mend(broken)
    until(lambda: log.state.written == 200)
    assert log.state.failing is None
    log.close()
    assert numbers_in(broken) == list(range(200))


def test_beyond_the_bound_events_are_dropped_and_counted(open_log, broken):
    log = open_log(broken, backlog=50)
    taken = record(log, range(10))
    until(lambda: log.state.failing)
    taken += record(log, range(10, 80))

    assert taken == [True] * 50 + [False] * 30
    assert (log.state.backlog, log.state.dropped) == (50, 30)
    mend(broken)
    until(lambda: log.state.written == 50)
    assert record(log, range(80, 81)) == [True]
    log.close()
    assert numbers_in(broken) == [*range(50), 80]


def test_a_block_is_taken_whole_or_not_at_all(open_log, broken):
    log = open_log(broken, backlog=50)
    block = b"".join(line(number) for number in range(100))

    assert log.record(block, 100)
    until(lambda: log.state.failing)
    assert not log.record(block, 100)
    assert (log.state.backlog, log.state.dropped) == (100, 100)
    mend(broken)
    log.close()
    assert numbers_in(broken) == list(range(100))


def test_a_burst_beyond_the_bound_is_taken_while_writing_works(open_log, folder):
    log = open_log(folder, backlog=50)
    block = b"".join(line(number) for number in range(50))

    assert log.record(block, 50)
    assert all(record(log, range(50, 300)))
    log.close()
    assert numbers_in(folder) == list(range(300))
    assert log.state.dropped == 0


def test_failing_and_working_again_are_each_said_once(open_log, broken, said):
    log = open_log(broken)
    record(log, range(1))
    until(lambda: log.state.failing)
    for number in range(1, 40):  # each of these beats fails as well
        record(log, range(number, number + 1))
        log._backlog.wake()
    assert len(said()) == 1
    assert "NotADirectoryError" in said()[0]
    assert str(broken) in said()[0]

    mend(broken)
    until(lambda: log.state.written == 40)
    until(lambda: log.state.failing is None)
    assert said()[1:] == [f"Writing the prediction log to {broken} works again."]


def test_what_cannot_be_written_at_the_end_is_counted_as_lost(open_log, broken, said):
    log = open_log(broken)
    record(log, range(5))
    log.close(0.3)

    assert log.state.dropped == 5
    assert log.state.backlog == 0
    assert said()[-1] == "5 events of the prediction log could not be written"


def test_a_folder_that_is_removed_is_made_again(open_log, folder):
    log = open_log()
    record(log, range(5))
    until(lambda: log.state.written == 5)
    shutil.rmtree(folder)
    record(log, range(5, 10))
    log.close()

    assert numbers_in(folder) == list(range(5, 10))


def test_a_folder_that_is_gone_for_a_while_comes_back_with_all_of_it(open_log, tmp_path):
    volume = tmp_path / "volume"
    log = open_log(volume / "log")
    record(log, range(5))
    until(lambda: log.state.written == 5)
    volume.rename(tmp_path / "elsewhere")
    volume.write_text("not a folder")
    record(log, range(5, 10))
    until(lambda: log.state.failing)
    volume.unlink()
    (tmp_path / "elsewhere").rename(volume)

    until(lambda: log.state.written == 10)
    until(lambda: closed_segments(volume))  # the one that was open when the folder went
    log.close()
    assert numbers_in(volume) == list(range(10))
    assert not open_segments(volume)


def test_a_segment_that_cannot_be_closed_is_closed_later(open_log, folder):
    log = open_log(segment_seconds=1.0)
    record(log, range(5))
    until(lambda: open_segments(folder))
    (segment,) = open_segments(folder)
    in_the_way = segment.with_name(segment.name.removesuffix(".open"))
    in_the_way.mkdir()
    until(lambda: log.state.failing)
    record(log, range(5, 10))
    in_the_way.rmdir()

    until(lambda: log.state.failing is None)
    log.close()
    assert numbers_in(folder) == list(range(10))


# Writes until nothing more fits, goes on recording, gets room, and says what it saw.
TIGHT = """
import json, sys
from pathlib import Path
from bento_service.prediction_log.log import LogPlace, PredictionLog
from tests.service.prediction_log.logs import line, open_segments, record, until
folder = Path(sys.argv[1])
begin, make_room = {how}
begin(folder)
log = PredictionLog(LogPlace(uri=str(folder / "log"), backlog=600))
taken = record(log, range(50))
until(lambda: log.state.written == 50)
block = b"".join(line(number, caller="x" * 150) for number in range(50, 550))
taken += [log.record(block, 500)]
until(lambda: log.state.failing)
failing = log.state.failing
(segment,) = open_segments(folder)
seen = []  # between two attempts; in the middle of one the last line is cut
until(lambda: seen.append(segment.read_bytes()) or seen[-1].endswith(b"\\n"))
kept = seen[-1].count(b"\\n")
taken += record(log, range(550, 700))
dropped = log.state.dropped
make_room(folder)
until(lambda: log.state.failing is None and log.state.backlog == 0)
log.close()
print(json.dumps(
    dict(taken=taken, failing=failing, dropped=dropped, written=log.state.written, kept=kept,
         text="".join(path.read_text() for path in sorted(folder.rglob("*.jsonl"))))
))
"""


def assert_nothing_twice_and_nothing_torn(output):
    saw = json.loads(output)
    numbers = [int(json.loads(text)["request_id"]) for text in saw["text"].splitlines()]

    assert saw["taken"] == [True] * 151 + [False] * 50
    assert saw["kept"] == 50  # the part of the block that fitted was taken back
    assert (saw["written"], saw["dropped"]) == (650, 50)
    assert numbers == list(range(650))
    return saw["failing"]


def test_a_write_that_stops_in_the_middle_is_taken_back_and_repeated(tmp_path):
    """Through the system's limit for the size of a file, which writes as much as is allowed."""
    how = (
        "(lambda _: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY)),"
        " lambda _: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2))"
    )
    program = "import resource\n" + TIGHT.format(how=how)
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "File too large" in assert_nothing_twice_and_nothing_torn(done.stdout)


def test_a_full_disk_is_survived(tmp_path):
    how = (
        "(lambda folder: (folder / 'ballast').write_bytes(bytes(200 * 1024)),"
        " lambda folder: (folder / 'ballast').unlink())"
    )
    # A disk of 256 KiB in a mount namespace of its own, which goes with the process.
    script = 'mount -t tmpfs -o size=256k none "$1" && shift && exec "$@"'
    inside = ["sh", "-c", script, "sh", str(tmp_path)]
    ways = [["unshare", "--mount", *inside], ["unshare", "--map-root-user", "--mount", *inside]]
    way = next((way for way in ways if _works([*way, "true"])), None)
    if way is None:
        pytest.skip("this machine lets nobody mount a tmpfs")
    done = subprocess.run(
        [*way, sys.executable, "-c", TIGHT.format(how=how), tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "No space left on device" in assert_nothing_twice_and_nothing_torn(done.stdout)


def _works(command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
