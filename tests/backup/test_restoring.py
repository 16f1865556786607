"""A home restored under another path, with the old one gone, is as good as the old one."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import dagster as dg
import pytest

from tests.service.serving import start_service
from titanic_assets.backup.making import make_backup
from titanic_assets.backup.new_home import moved
from titanic_assets.backup.progress import Progress
from titanic_assets.backup.restoring import HomeNotEmpty, TooLittleRoom, restore
from titanic_assets.monitoring.events.auditing import audit
from titanic_assets.monitoring.events.store import EventStore
from titanic_assets.settings import Settings
from titanic_assets.stack.only_one import AlreadyRunning, the_only_one
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.registry import Registry
from titanic_assets.training.feature_store import store_config
from titanic_model.online import FEATURE_VIEW, PASSENGER_ID
from titanic_model.published import read_current

PASSENGERS = [
    {"pclass": 1, "sex": "female", "age": 29, "fare": 211.3},
    {"pclass": 3, "sex": "male"},
]


def answers(home, folder):
    """What the service says of some passengers, with the releases of that home."""
    service = start_service(folder, releases_uri=home / "releases")
    try:
        told = [service.client.post("/api/v1/predict", json=each).json() for each in PASSENGERS]
    finally:
        service.stop()
    return [(each["probability"], each["model_version"]) for each in told]


@dataclass(frozen=True)
class Restored:
    """Another machine on which a backup was restored, and what the first one's service said."""

    settings: Settings
    old_answers: list

    @property
    def places(self):
        return self.settings.places


@pytest.fixture(scope="module")
def restored(lived_in, tmp_path_factory):
    old_answers = answers(lived_in.path, tmp_path_factory.mktemp("before"))
    archive, _ = make_backup(lived_in.settings, tmp_path_factory.mktemp("backups"), Progress(print))
    away = lived_in.path.rename(lived_in.path.with_name("gone"))
    home = tmp_path_factory.mktemp("another machine") / "its home"
    restore(archive, home, Progress(print))
    yield Restored(Settings(titanic_home=home), old_answers)
    away.rename(lived_in.path)


def test_the_registry_says_the_same_and_hands_out_every_release(restored, tmp_path):
    registry = Registry(restored.settings.tracking_uri)

    assert [version.version for version in registry.versions()] == [2, 1]
    assert registry.version_at("champion") == registry.version(2)
    for version in registry.versions():
        release = registry.fetch_release(version, tmp_path / str(version.version))
        assert (release / "model.onnx").is_file()
    run = registry.client.get_run(registry.version(2).run_id)
    assert run.info.artifact_uri.startswith(f"{restored.places.mlflow}/artifacts/")


def test_what_is_trained_next_goes_to_the_new_home(restored):
    registry = Registry(restored.settings.tracking_uri)

    run = registry.client.create_run(registry.experiment)

    assert run.info.artifact_uri.startswith(f"{restored.places.home}/")


def test_no_store_leads_back_to_the_old_home(restored, lived_in):
    old = str(lived_in.path).encode()
    # Dagster's records of runs are history; and Feast keeps one of its definitions.
    places = [restored.places.mlflow, restored.places.releases, restored.places.bentoml]

    found = [path for place in places for path in place.rglob("*") if path.is_file()]

    assert found
    assert [path for path in found if old in path.read_bytes()] == []


def test_the_ledger_is_the_same(restored, lived_in):
    events = PromotionLedger(restored.places.ledger).events()

    assert [event.to_version for event in events] == [1, 2]
    assert read_current(restored.places.releases) == lived_in.live


def test_the_service_gives_the_same_probabilities(restored, tmp_path):
    assert [version for _, version in restored.old_answers] == ["2", "2"]
    assert answers(restored.places.home, tmp_path) == restored.old_answers


def test_dagster_has_its_history(restored, lived_in):
    with dg.DagsterInstance.from_config(str(restored.places.dagster)) as instance:
        run = instance.get_run_by_id(lived_in.run_id)
        assert run.status is dg.DagsterRunStatus.SUCCESS
        logged = [event.user_message for event in instance.all_logs(lived_in.run_id)]
        bells = instance.get_latest_materialization_event(dg.AssetKey("bells"))
        live = instance.get_latest_materialization_event(dg.AssetKey("live_release"))
    assert "eight bells" in logged
    assert bells.asset_materialization.metadata["rung"].value == 8
    assert live is not None, "what was reported without a run"


def test_features_are_looked_up_and_read_at_the_new_place(restored):
    from feast import FeatureStore

    store = FeatureStore(config=store_config(restored.places.feature_store))

    found = store.get_online_features([f"{FEATURE_VIEW}:pclass"], [{PASSENGER_ID: 1}]).to_dict()
    assert found["pclass"] == [1.0]
    table = str(restored.places.tables / "passenger_features.parquet")
    assert store.get_feature_view(FEATURE_VIEW).batch_source.path == table
    assert [source.name for source in store.list_data_sources()] == [table]


def test_what_people_and_callers_sent_is_there(restored):
    places = restored.places
    assert (places.landing / "list.csv").read_text() == "a,b\n"
    assert (places.quarantine / "refused" / "d.json").read_text() == "{}"
    log = places.prediction_log / "2026-11-21"
    assert (log / "open.jsonl").read_bytes() == b'{"n": 2}\n{"n": 3}\n'


def test_what_was_collected_is_there_once(restored):
    store = EventStore.of(restored.settings)
    (batch,) = store.predictions(["request_id"], outcomes=True)
    assert batch.to_pylist() == [{"request_id": "r", "outcome": True}]
    assert audit(store.folder).is_right


def test_a_restored_home_can_be_backed_up_and_restored_again(restored, tmp_path, progress):
    archive, manifest = make_backup(restored.settings, tmp_path / "backups", progress)

    restore(archive, tmp_path / "third", progress)

    third = Registry(Settings(titanic_home=tmp_path / "third").tracking_uri)
    third.fetch_release(third.version(1), tmp_path / "release")
    assert manifest.home == str(restored.places.home)


@pytest.fixture
def archive(home, tmp_path, progress):
    """A backup of the small home."""
    return make_backup(home.settings, tmp_path / "backups", progress)[0]


def test_times_and_rights_are_as_they_were(home, tmp_path, progress):
    (home.path / "landing" / "list.csv").chmod(0o640)
    archive, _ = make_backup(home.settings, tmp_path / "backups", progress)

    restore(archive, tmp_path / "new", progress)

    old, new = ((each / "landing" / "list.csv").stat() for each in (home.path, tmp_path / "new"))
    assert new.st_mode == old.st_mode
    assert new.st_mtime == pytest.approx(old.st_mtime, abs=1e-3)


def test_a_home_in_which_there_is_something_is_left_alone(home, archive, progress):
    home.write("landing/list.csv", "newer")
    before = home.files()

    with pytest.raises(HomeNotEmpty, match=r"is not empty \(landing, ledger, reports\).*Move it"):
        restore(archive, home.path, progress)

    assert home.files() == before


def test_a_running_stack_is_named_before_its_home_is_called_full(home, archive, progress):
    with (
        the_only_one(home.path, "http://localhost:3000"),
        pytest.raises(AlreadyRunning, match="http://localhost:3000"),
    ):
        restore(archive, home.path, progress)


def test_an_empty_home_that_a_stack_is_just_starting_on_is_left_alone(archive, tmp_path, progress):
    with the_only_one(tmp_path / "new", "here"), pytest.raises(AlreadyRunning):
        restore(archive, tmp_path / "new", progress)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["running.json"]


def test_what_a_killed_restore_left_is_in_nobodys_way(archive, tmp_path, progress):
    unfinished = tmp_path / "new" / ".restoring"
    unfinished.mkdir(parents=True)
    (unfinished / "landing").write_text("half")
    (tmp_path / "new" / "running.json").touch()

    restore(archive, tmp_path / "new", progress)

    assert (tmp_path / "new" / "landing" / "list.csv").read_text() == "a,b\n"
    assert not unfinished.exists()


def test_one_that_fails_while_unpacking_leaves_the_home_empty(home, tmp_path, progress):
    path = home.write("mlflow/mlflow.db", "")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE runs (uri TEXT, CHECK (uri NOT LIKE '%/new/%'))")
        database.execute("INSERT INTO runs VALUES (?)", [f"{home.path}/mlflow/artifacts"])
    archive, _ = make_backup(home.settings, tmp_path / "backups", progress)

    with pytest.raises(sqlite3.IntegrityError):
        restore(archive, tmp_path / "new", progress)

    assert [path.name for path in (tmp_path / "new").iterdir()] == ["running.json"]


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    archive, tmp_path, progress, monkeypatch
):
    full = shutil.disk_usage(tmp_path)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

    with pytest.raises(TooLittleRoom, match="set TITANIC_HOME to another disk"):
        restore(archive, tmp_path / "new", progress)
    assert not (tmp_path / "new").exists()


def test_of_models_only_those_that_were_written_to_their_end_are_told(home, tmp_path, progress):
    models = "mlflow/artifacts/models"
    home.write(f"{models}/1/MLmodel", f"artifact_path: {home.path}/{models}/1\nflavors: {{}}\n")
    home.write(f"{models}/2/MLmodel", f"artifact_path: {home.path}/{models}/2\nflavors: {{")
    archive, _ = make_backup(home.settings, tmp_path / "backups", progress)

    restore(archive, tmp_path / "new", progress)

    whole, torn = ((tmp_path / "new" / models / n / "MLmodel").read_text() for n in "12")
    assert f"artifact_path: {tmp_path}/new/{models}/1\n" in whole
    assert torn.endswith("flavors: {")


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("/old home", "/new"),
        ("/old home/mlflow", "/new/mlflow"),
        ("file:///old home/mlflow", "file:///new/mlflow"),
        ("/old homestead/mlflow", "/old homestead/mlflow"),
        ("s3://bucket/old home/mlflow", "s3://bucket/old home/mlflow"),
    ],
)
def test_only_paths_below_the_old_home_are_changed(text, now):
    assert moved(text, "/old home", "/new") == now
