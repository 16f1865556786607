"""Releases in object storage that is empty, fills, goes away and comes back; a real S3 server."""

import threading
import time

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bento_service.live.sources import open_source
from tests.service.live.breaking import make_live
from tests.service.releases import of_version
from tests.service.serving import start_service, wait_until
from titanic_model.published import release_name
from titanic_model.release import BrokenRelease


class Bucket:
    """A bucket on a real server, which stops and comes back at the same address."""

    def __init__(self):
        self.server = ThreadedMotoServer(port=0, verbose=False)
        self.server.start()
        _, self.port = self.server.get_host_and_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.client = boto3.client("s3", endpoint_url=self.endpoint)
        self.client.create_bucket(Bucket="releases")

    def upload(self, folder):
        """All that lies there, current.json last."""
        paths = [path for path in folder.rglob("*") if path.is_file()]
        for path in sorted(paths, key=lambda path: path.name == "current.json"):
            key = f"titanic/{path.relative_to(folder)}"
            self.client.put_object(Bucket="releases", Key=key, Body=path.read_bytes())

    def go_away(self):
        self.server.stop()

    def come_back(self):
        self.server = ThreadedMotoServer(port=self.port, verbose=False)
        self.server.start()


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = Bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    yield bucket
    bucket.server.stop()


def model_of(service):
    return service.client.get("/api/v1/model").json()


def version_of(service):
    champion = model_of(service)["champion"]
    return champion and champion["version"]


def test_a_service_waits_for_its_first_release_and_lives_through_an_outage(
    bucket, tmp_path, champion, challenger
):
    service = start_service(tmp_path / "home", wait=False, releases_uri="s3://releases/titanic/")
    try:
        waiting = wait_until(lambda: _answer(service, "/readyz"), 40)
        assert (waiting.status_code, waiting.text) == (503, "no release yet\n")
        assert service.client.get("/livez").status_code == 200
        assert service.client.get("/api/v1/health").status_code == 503
        assert service.client.get("/api/v1/drift").json()["error"]["type"] == "no_release"
        refused = service.predict()
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "no_release")
        assert refused.headers["Retry-After"]
        assert model_of(service)["champion"] is None
        assert model_of(service)["unreachable"] == (
            "there is no current.json in s3://releases/titanic"
        )

        folder = tmp_path / "published"
        make_live(folder, champion)
        bucket.upload(folder)
        wait_until(service.ready)
        assert service.predict().json()["model_version"] == "1"
        assert model_of(service)["unreachable"] is None
        [known] = service.client.get("/api/v1/models").json()["models"]
        assert known["state"] == "champion"

        bucket.go_away()
        wait_until(lambda: model_of(service)["unreachable"], 20)
        assert service.metrics()["titanic_releases_behind"] == 1
        listing = service.client.get("/api/v1/models")
        assert (listing.status_code, listing.json()["error"]["type"]) == (
            503,
            "releases_unavailable",
        )
        slowest = max(_seconds(service.predict) for _ in range(50))
        assert slowest < 2
        assert service.client.get("/readyz").status_code == 200

        make_live(folder, of_version(challenger, "5"))
        bucket.come_back()
        bucket.upload(folder)
        wait_until(lambda: version_of(service) == "5", 20)
        assert model_of(service)["unreachable"] is None
    finally:
        service.stop()


def _seconds(ask):
    began = time.monotonic()
    ask().raise_for_status()
    return time.monotonic() - began


def _answer(service, path):
    import httpx

    try:
        return service.client.get(path)
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("scheme", ["", "file://", "memory:/"])
def test_each_kind_of_place_holds_releases(scheme, folder, champion, challenger):
    source = open_source(f"{scheme}{folder}")
    if scheme == "memory:/":
        import fsspec

        fsspec.filesystem("memory").put(f"{folder}/", f"{folder}/", recursive=True)
    names = sorted([release_name(champion), release_name(challenger)])
    assert source.names() == names
    assert source.current() == (folder / "current.json").read_bytes()
    assert source.read(names[0]).digest == champion.digest
    assert source.read_metadata(names[1]) == (folder / names[1] / "metadata.json").read_bytes()
    with pytest.raises(BrokenRelease, match=r"9-0123456789ab in .* is not a whole release"):
        source.read("9-0123456789ab")


def test_a_password_in_an_address_is_not_shown():
    assert open_source("memory://user:secret@host/releases").shown == "memory://***@host/releases"


class Hanging:
    """Releases on storage that does not answer until it is told to."""

    shown = "hanging"

    def __init__(self, real):
        self._real, self.asked, self.answers = real, threading.Event(), threading.Event()

    def current(self):
        self.asked.set()
        self.answers.wait(30)
        return self._real.current()

    def read(self, name):
        return self._real.read(name)


def test_storage_that_hangs_holds_up_neither_what_is_live_nor_the_end(following, folder):
    hanging = Hanging(open_source(str(folder)))
    hanging.answers.set()
    follower = following(hanging, start=True)
    hanging.answers.clear()
    hanging.asked.clear()
    assert hanging.asked.wait(5)
    assert follower.live.champion.version == "1"
    began = time.monotonic()
    follower.stop()
    assert time.monotonic() - began < 4
    hanging.answers.set()
