"""Logs that are closed when the test is over, and a real S3 server that can be gone for a while."""

import logging

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bento_service.prediction_log.log import LogPlace, PredictionLog


@pytest.fixture
def open_log(tmp_path):
    """Open a log, in a folder of its own unless told where."""
    opened = []

    def open_one(uri=None, **options):
        place = LogPlace(uri=str(uri or tmp_path / "log"), spool=tmp_path / "spool", **options)
        opened.append(PredictionLog(place))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close(0)


@pytest.fixture
def folder(tmp_path):
    """Where `open_log` logs to when it is not told."""
    return tmp_path / "log"


@pytest.fixture
def said(caplog):
    """What the log of the service was told."""
    name = "bento_service.prediction_log"
    caplog.set_level(logging.INFO, logger=name)
    return lambda: [record.getMessage() for record in caplog.records if record.name == name]


class Bucket:
    """A bucket on a real server, which stops and comes back at the same address."""

    def __init__(self, port=0):
        self.server = ThreadedMotoServer(port=port, verbose=False)
        self.server.start()
        _, self.port = self.server.get_host_and_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - the server asks for any
        )

    def create(self):
        self.client.create_bucket(Bucket="predictions")

    def objects(self):
        found = self.client.list_objects_v2(Bucket="predictions").get("Contents", [])
        return {
            each["Key"]: self.client.get_object(Bucket="predictions", Key=each["Key"])[
                "Body"
            ].read()
            for each in found
        }

    def go_away(self):
        self.server.stop()

    def come_back(self):
        self.server = ThreadedMotoServer(port=self.port, verbose=False)
        self.server.start()

    def remove(self):
        for key in self.objects():
            self.client.delete_object(Bucket="predictions", Key=key)
        self.client.delete_bucket(Bucket="predictions")


@pytest.fixture
def bucket(monkeypatch):
    """The bucket s3://predictions, where the usual AWS_* variables point."""
    bucket = Bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket.create()
    yield bucket
    bucket.remove()  # moto keeps what is in it for the next server of this process
    bucket.client.close()
    bucket.go_away()
