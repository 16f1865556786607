"""A log in a bucket is collected as one in a folder is, and one that cannot be read says so."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bento_service.prediction_log.log import LogPlace, PredictionLog
from tests.events.conftest import NOON, Home, predictions
from tests.prediction_log.lines import segment_name
from titanic_assets.prediction_log.segments import LogUnreadable
from titanic_assets.settings import Settings


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    """The bucket's client, and a home whose log is in it."""
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    name = tmp_path.name.replace("_", "-").lower()[-60:].strip("-")
    client.create_bucket(Bucket=name)
    settings = Settings(
        titanic_home=tmp_path / "home", prediction_log_uri=f"s3://{name}/logs/predictions"
    )
    return client, name, Home(settings)


def test_what_the_service_uploaded_is_collected_once(bucket, tmp_path):
    client, name, home = bucket
    log = PredictionLog(LogPlace(home.settings.predictions, spool=tmp_path / "spool"))
    for line in predictions(0, 5):
        log.record(line, 1)
    log.close()

    def put(key, lines):
        client.put_object(Bucket=name, Key=f"logs/predictions/{key}", Body=b"".join(lines))

    put(segment_name("12:00:05"), [*predictions(5, 3), b'{"torn'])
    put("2026-11-21/readme.md", [b"who put this here?"])

    found = home.collect()

    assert home.asked() == [str(n) for n in range(8)]
    assert sorted(refused.bad_lines for refused in found.refused) == [0, 1]
    # Put again, as after an upload of which nobody heard, and another one beside it.
    put(segment_name("12:00:05"), [*predictions(5, 3), b'{"torn'])
    put(segment_name("12:00:08"), predictions(8, 1))
    assert home.collect().segments == 1
    assert home.asked(since=NOON + 7) == ["7", "8"]


def test_a_bucket_in_which_nothing_was_logged_yet_has_no_events(bucket):
    _, _, home = bucket
    assert home.collect().segments == 0


def test_a_bucket_that_cannot_be_read_is_no_empty_log(bucket, monkeypatch):
    client, name, home = bucket
    client.delete_bucket(Bucket=name)
    with pytest.raises(LogUnreadable, match=f"there is no {name}"):
        home.collect()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(LogUnreadable, match=f"the prediction log at s3://{name}/logs/predictions"):
        home.collect()
