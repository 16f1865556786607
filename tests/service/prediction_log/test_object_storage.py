"""Segments on S3, over HTTP from a real server, and what happens while it is gone."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import fsspec
import pytest

from bento_service.prediction_log.folder import default_spool
from tests.service.prediction_log.logs import closed_segments, line, open_segments, record, until


def numbers_on(bucket):
    lines = [text for _, body in sorted(bucket.objects().items()) for text in body.splitlines()]
    return [int(text.split(b'"request_id":"')[1].split(b'"')[0]) for text in lines]


def uploading():
    return [thread for thread in threading.enumerate() if "prediction-log" in thread.name]


@pytest.fixture
def spool(tmp_path):
    """Where `open_log` keeps what is to be uploaded."""
    return tmp_path / "spool"


def test_segments_are_uploaded_by_day_when_closed_and_leave_the_spool(open_log, bucket, spool):
    log = open_log("s3://predictions/log/", seat=2, segment_bytes=4096)
    record(log, range(100))
    until(lambda: log.state.segments_uploaded > 0)
    log.close(30)

    assert numbers_on(bucket) == list(range(100))
    today = datetime.now(UTC).date().isoformat()
    assert all(key.startswith(f"log/{today}/{today}T") for key in bucket.objects())
    assert log.state.segments_uploaded == log.state.segments_closed == len(bucket.objects()) > 1
    assert not list(spool.iterdir())


def test_the_last_segment_is_uploaded_at_the_end(open_log, bucket):
    log = open_log("s3://predictions")
    record(log, range(5))
    log.close(30)

    assert numbers_on(bucket) == list(range(5))
    assert not uploading()


def test_segments_wait_for_a_server_that_is_gone(open_log, bucket, spool, said):
    log = open_log("s3://predictions/log", segment_seconds=0.1)
    record(log, range(5))
    until(lambda: log.state.segments_uploaded == 1)
    bucket.go_away()
    record(log, range(5, 10))
    until(lambda: log.state.failing, within=60)
    record(log, range(10, 15))
    until(lambda: len(closed_segments(spool)) >= 2)
    assert log.state.backlog == 0

    bucket.come_back()
    until(lambda: log.state.segments_uploaded >= 3, within=60)
    assert numbers_on(bucket) == list(range(15))
    until(lambda: log.state.failing is None)
    log.close(30)
    assert [text.split(" to ")[0] for text in said()] == ["Uploading the prediction log"] * 2
    assert log.state.dropped == 0


def test_segments_wait_for_a_bucket_that_is_not_there(open_log, bucket, said):
    bucket.remove()
    log = open_log("s3://predictions/log", segment_seconds=0.1)
    record(log, range(5))
    until(lambda: log.state.failing)
    assert "bucket does not exist" in said()[0]

    bucket.create()
    until(lambda: log.state.segments_uploaded == 1)
    assert numbers_on(bucket) == list(range(5))


def test_the_end_does_not_wait_for_a_server_for_ever(open_log, bucket, spool):
    log = open_log("s3://predictions/log")
    bucket.go_away()
    record(log, range(5))
    log.close(1.0)  # without a bound this would not end

    until(lambda: not uploading())
    assert len(closed_segments(spool)) == 1
    bucket.come_back()
    open_log("s3://predictions/log").close(30)
    assert numbers_on(bucket) == list(range(5))


def test_what_a_killed_worker_had_in_the_spool_is_uploaded_by_the_next(open_log, bucket, spool):
    program = """
import sys
from pathlib import Path
from bento_service.prediction_log.log import LogPlace, PredictionLog
from tests.service.prediction_log.logs import record, until
log = PredictionLog(LogPlace(uri="s3://predictions/log", spool=Path(sys.argv[1])))
record(log, range(50))
until(lambda: log.state.written == 50)
print("written", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(spool)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == b"written\n"
        worker.send_signal(signal.SIGKILL)
    assert len(open_segments(spool)) == 1

    open_log("s3://predictions/log", seat=1).close(30)
    assert numbers_on(bucket) == list(range(50))
    assert not list(spool.iterdir())


def test_two_workers_upload_each_segment_once(open_log, bucket):
    logs = [open_log("s3://predictions/log", seat=seat, segment_bytes=4096) for seat in (0, 1)]
    for log in logs:
        record(log, range(200))
    for log in logs:
        log.close(30)

    assert sorted(numbers_on(bucket)) == sorted([*range(200)] * 2)
    uploaded = sum(log.state.segments_uploaded for log in logs)
    assert uploaded == len(bucket.objects()) == sum(log.state.segments_closed for log in logs)


def test_a_full_spool_leaves_events_in_memory_up_to_the_bound(open_log, bucket, spool):
    bucket.remove()
    log = open_log("s3://predictions/log", segment_bytes=4096, backlog=20)
    block = b"".join(line(number, caller="x" * 200) for number in range(1000))
    assert log.record(block, 1000)  # more than the 32 segments that may wait
    until(lambda: log.state.backlog and "too much waits" in str(log.state.failing))
    assert sum(path.stat().st_size for path in closed_segments(spool)) <= 33 * 4096
    assert not log.record(block, 1000)

    bucket.create()
    until(lambda: log.state.written == 1000, within=60)
    log.close(30)
    assert numbers_on(bucket) == list(range(1000))
    assert log.state.dropped == 1000


def test_any_storage_of_fsspec_will_do(open_log):
    log = open_log("memory://predictions/log")
    record(log, range(5))
    log.close()

    memory = fsspec.filesystem("memory")
    (path,) = memory.find("/predictions/log")
    assert memory.cat(path).count(b"\n") == 5
    memory.rm("/predictions", recursive=True)


def test_the_spool_concerns_nobody_else(open_log, spool):
    spool.mkdir(mode=0o755)
    log = open_log("memory://predictions/private")
    record(log, range(5))
    until(lambda: "not a folder of this user alone" in str(log.state.failing))

    spool.chmod(0o700)
    until(lambda: log.state.written == 5)


def test_services_that_log_to_the_same_place_share_a_spool(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one, other = default_spool("s3://predictions/a"), default_spool("s3://predictions/b")

    assert one.parent == tmp_path
    assert one == default_spool("s3://predictions/a")
    assert one != other
