"""The registry by way of MLflow's server, and what is said when that is no such server."""

import subprocess
import sys
import time
from base64 import b64encode

import pytest

from tests.impostor import Impostor, http
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.tracking.http_registry import (
    HttpRegistry,
    RegistryUnreachable,
    http_registry,
    open_registry,
)
from titanic_assets.tracking.registry import ForeignVersion, NoSuchVersion, Registry
from titanic_assets.tracking.versions import MODEL_NAME


@pytest.fixture
def server(mlflow_server):
    mlflow_server.forget_models()
    return mlflow_server


@pytest.fixture
def registry(server):
    return http_registry(server.settings)


def asking(address, patience=5.0):
    return HttpRegistry(address, "sqlite://", patience=patience)


def refusal(registry):
    with pytest.raises(RegistryUnreachable) as refused:
        registry.aliases()
    return str(refused.value)


def test_a_version_is_the_same_by_either_way(server, registry):
    (number,) = server.register("d1", data_fingerprint="f", dagster_run_id="r", code_revision="c")
    assert registry.version(number) == server.registry.version(number)


def test_aliases_are_read_moved_and_dropped(server, registry):
    first, second = server.register("d1", "d2")
    assert registry.aliases() == {}
    assert registry.version_at("champion") is None

    registry.move_alias("champion", first)
    registry.move_alias("challenger", second)
    registry.move_alias("champion", second)
    assert server.registry.aliases() == {"champion": second, "challenger": second}
    assert registry.aliases() == server.registry.aliases()
    assert registry.version_at("champion").digest == "d2"

    for _ in range(2):
        registry.drop_alias("challenger")
    assert registry.aliases() == {"champion": second}


@pytest.mark.parametrize("way", ["by HTTP", "by the store"])
def test_versions_that_are_not_there_or_not_ours_are_told_apart(server, registry, way):
    registry = registry if way == "by HTTP" else server.registry
    with pytest.raises(NoSuchVersion, match=f"no version 9 of {MODEL_NAME}"):
        registry.version(9)
    with pytest.raises(NoSuchVersion):
        registry.move_alias("champion", 9)
    foreign = int(server.registry.client.create_model_version(MODEL_NAME, "/nowhere").version)
    with pytest.raises(ForeignVersion, match="not registered by the training job"):
        registry.version(foreign)


def test_before_the_first_model_there_are_no_aliases(server, registry):
    server.registry.client.delete_registered_model(MODEL_NAME)
    try:
        assert registry.aliases() == {}
    finally:
        server.registry.client.create_registered_model(MODEL_NAME)


def test_the_server_of_another_home_is_not_asked_for_anything(server, tmp_path):
    (number,) = server.register("d1")
    elsewhere = Settings(titanic_home=tmp_path, mlflow_port=server.settings.mlflow_port)
    with pytest.raises(RegistryUnreachable, match="not that of this home"):
        http_registry(elsewhere).move_alias("champion", number)
    assert server.registry.aliases() == {}
    elsewhere.places.mlflow.mkdir()
    assert open_registry(elsewhere) == Registry(elsewhere.tracking_uri)


def test_a_server_that_was_set_is_asked_whoever_keeps_its_files(server, tmp_path):
    shared = Settings(titanic_home=tmp_path, titanic_tracking_uri=server.settings.mlflow_api)
    (number,) = server.register("d1")
    open_registry(shared).move_alias("champion", number)
    assert server.registry.aliases() == {"champion": number}


def test_where_no_server_is_up_the_own_store_is_opened_and_no_other(tmp_path, free_address):
    port = int(free_address.rpartition(":")[2])
    ours = Settings(titanic_home=tmp_path, mlflow_port=port)
    with pytest.raises(RegistryUnreachable, match=r"there are no models in .* yet: `make run`"):
        open_registry(ours)
    ours.places.mlflow.mkdir()
    assert open_registry(ours) == Registry(ours.tracking_uri)
    elsewhere = Settings(titanic_home=tmp_path, titanic_tracking_uri=free_address)
    with pytest.raises(RegistryUnreachable, match="does not answer"):
        open_registry(elsewhere)


def test_a_server_that_is_down(free_address):
    assert "does not answer" in refusal(asking(free_address))
    assert "Connection refused" in refusal(asking(free_address))


@pytest.mark.parametrize(
    "pieces",
    [
        [b""] * 100,
        # Each byte comes in time, and the whole never does.
        [b"HTTP/1.1 200 OK\r\n", *[b"X"] * 100],
        [http("{}" + " " * 100)[:-100], *[b" "] * 100],
    ],
    ids=["says nothing", "never ends its head", "never ends"],
)
def test_a_server_that_is_slow_is_not_waited_for(pieces):
    with Impostor(*pieces, pause=0.1) as slow:
        began = time.monotonic()
        assert "within 0.3 s" in refusal(asking(slow.url, patience=0.3))
        assert time.monotonic() - began < 5  # of ten that it would take


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        http("<h1>Welcome</h1>", kind="text/html"),
        http("[]"),
        http("null"),
        http("{}"),
        http('{"registered_model": 5}'),
        http('{"registered_model": {"aliases": [{"alias": "champion"}]}}'),
        http('{"registered_model": {"aliases": [{"alias": "champion", "version": "x"}]}}'),
        http('{"registered_model": {"aliases": {"champion": 3}}}'),
        http("[" * 100_000),
        http(b"\xff\xfe\xfa"),
        http("not found", status="404 Not Found"),
        http("{}", status="404 Not Found"),
        http("[]", status="500 Internal Server Error"),
        http('{"error_code": "INTERNAL_ERROR", "message": "oops"}', status="500 Oops"),
        http('{"error_code": "PERMISSION_DENIED"}', status="403 Forbidden"),
        http("{}", status="302 Found").replace(b"\r\n", b"\r\nLocation: /again\r\n", 1),
    ],
)
def test_a_server_that_talks_nonsense_is_told_from_one_that_has_nothing(answer):
    with Impostor(answer) as strange:
        assert strange.url in refusal(asking(strange.url))
        with pytest.raises(RegistryUnreachable):
            asking(strange.url).version(3)
        with pytest.raises(RegistryUnreachable):
            asking(strange.url).version_at("champion")


def test_credentials_are_shown_to_the_server_and_to_nobody_else(monkeypatch):
    said = '{"error_code": "PERMISSION_DENIED", "message": "no"}'
    with Impostor(http(said, status="403 Forbidden")) as guarded:
        with_password = guarded.url.replace("://", "://ann:s%40cret@")
        message = refusal(asking(f"{with_password}/mlflow/"))
        assert "s%40cret" not in message
        assert "s@cret" not in message
        asked = guarded.asked[-1].decode()
        assert asked.startswith("GET /mlflow/api/2.0/mlflow/registered-models/get?")
        assert f"Authorization: Basic {b64encode(b'ann:s@cret').decode()}" in asked
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
        assert "t0ken" not in refusal(asking(guarded.url))
        assert "Authorization: Bearer t0ken" in guarded.asked[-1].decode()


def test_the_machines_proxy_is_for_other_machines(monkeypatch, registry):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert registry.aliases() == {}


def test_asking_by_http_loads_no_mlflow(server):
    code = (
        "import sys\n"
        "from titanic_assets.settings import load_settings\n"
        "from titanic_assets.tracking.http_registry import http_registry\n"
        "from titanic_assets.releasing import rolling_back\n"
        "from titanic_assets.tracking.ledger import PromotionLedger\n"
        "from titanic_assets.tracking.promotion import enter_moves\n"
        "settings = load_settings()\n"
        "registry = http_registry(settings)\n"
        "enter_moves(registry, PromotionLedger(settings.places.ledger))\n"
        "print(registry.aliases())\n"
        "heavy = {'mlflow', 'dagster', 'pandas', 'sklearn', 'bentoml'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    settings = server.settings
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={
            "TITANIC_HOME": str(settings.titanic_home),
            "MLFLOW_PORT": str(settings.mlflow_port),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "{}\n"), done.stderr
