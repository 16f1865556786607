"""Seats: one for each living worker, and the files workers share."""

import os
import subprocess
import sys
import tempfile
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


def test_the_folder_is_that_of_one_service_and_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = shared_folder()
    assert folder == shared_folder()
    assert folder.stat().st_mode & 0o077 == 0


def test_what_a_dead_service_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f"titanic-service-{os.getuid()}-{gone.pid}-1.00"
    left.mkdir()
    (left / "seat-0").touch()
    (tmp_path / "somebody elses").mkdir()
    assert shared_folder().is_dir()
    assert not left.exists()
    assert (tmp_path / "somebody elses").is_dir()


def test_a_service_that_fails_to_start_leaves_the_running_one_alone(serve):
    running = serve()
    running.predict()
    port = running.url.rpartition(":")[2]
    second = serve(home=running.home, port=port, wait=False)
    assert second.process.wait(20) != 0
    answer = running.client.get("/metrics")
    assert answer.status_code == 200
    assert 'titanic_requests_total{route="/api/v1/predict",status="200"} 1.0' in answer.text


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
