"""Seats: one for each living worker, and the files workers share."""

import subprocess
import sys
from pathlib import Path

import pytest

from bento_service.seats import shared_file, shared_folder, take_seat
from tests.service.serving import CHECKOUT

HOLD = """
import sys, pathlib
from bento_service.seats import take_seat
seat = take_seat(pathlib.Path(sys.argv[1]))
print(seat.number, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path):
    """Starts processes that take a seat and keep it."""
    running = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_each_worker_has_a_seat_of_its_own_and_a_killed_ones_is_taken_next(hold, tmp_path):
    seat = take_seat(tmp_path)
    (first, number), (_, other) = hold(), hold()
    assert (seat.number, number, other) == (0, 1, 2)
    first.kill()
    first.wait()
    assert hold()[1] == 1
    seat.leave()
    assert hold()[1] == 0


def test_the_folder_is_that_of_bentoml_or_else_made_and_told_on(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "of bentoml"))
    assert shared_folder() == tmp_path / "of bentoml"
    assert shared_folder().is_dir()
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    made = shared_folder()
    assert made.is_dir()
    assert shared_folder() == made


def test_a_shared_file_is_the_same_for_all_and_outlives_them(tmp_path):
    one, other = (shared_file(tmp_path / "file", 5000) for _ in range(2))
    assert one[:] == bytes(5000)
    one[4999] = 7
    assert other[4999] == 7
    del one, other
    assert shared_file(tmp_path / "file", 5000)[4999] == 7


def test_a_disk_without_room_is_told_when_the_file_is_made():
    always_full = Path("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        shared_file(always_full, 5000)
