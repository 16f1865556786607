"""The registry on a real store: trials, registration, aliases, releases."""

import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from titanic_assets.tracking.links import Links
from titanic_assets.tracking.registry import (
    ForeignVersion,
    NoRelease,
    Registry,
    RegistryNotReady,
    Trial,
)
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_assets.tracking.winner import UntrustedPipeline, Winner, trusted_types

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
ROWS = np.random.default_rng(1).random((40, 3)).astype(np.float32)
LABELS = (ROWS[:, 0] > 0.5).astype(int)

MakeWinner = Callable[..., Winner]


def a_trial(**changes: Any) -> Trial:
    trial = Trial(
        name="logistic 1",
        params={"family": "logistic", "C": 0.3},
        metrics={"log_loss": 0.43},
        tags={"family": "logistic"},
        started=NOON,
        ended=NOON + timedelta(seconds=2),
    )
    return replace(trial, **changes)


@pytest.fixture
def a_winner(registry: Registry, tmp_path: Path) -> MakeWinner:
    """Makes a winner with a run and a release directory of its own."""

    def make(digest: str = "d1", **changes: Any) -> Winner:
        run = registry.client.create_run(registry.experiment)
        release = tmp_path / "built" / digest / "any-name"
        release.mkdir(parents=True, exist_ok=True)
        (release / "model.onnx").write_bytes(digest.encode())
        (release / "metadata.json").write_text("{}")
        winner = Winner(
            run_id=run.info.run_id,
            pipeline=make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS),
            input_example=ROWS[:2],
            release=release,
            digest=digest,
            data_fingerprint="f1",
            dagster_run_id="dagster-1",
            code_revision="abc123",
            pip_requirements=("scikit-learn==1.9.1",),
            params={"family": "logistic"},
            metrics={"log_loss": 0.43},
            artifacts={"figures/roc.png": b"png", "reports/search.html": b"<p>"},
        )
        return replace(winner, **changes)

    return make


def test_initialising_makes_what_is_missing_and_only_that(tmp_path: Path, store: Path) -> None:
    registry = Registry(f"sqlite:///{store / 'mlflow.db'}")
    first = registry.initialise(str(tmp_path / "mine"))
    again = registry.initialise(str(tmp_path / "elsewhere"))
    assert first == again == registry.experiment
    location = registry.client.get_experiment(first).artifact_location
    assert location == str(tmp_path / "mine")


def test_a_store_in_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    Registry(f"sqlite:///{tmp_path / 'new' / 'folder' / 'mlflow.db'}").initialise(str(tmp_path))
    assert (tmp_path / "new" / "folder" / "mlflow.db").stat().st_size > 0


def test_a_store_that_was_never_initialised_says_so(store: Path) -> None:
    # What stands where a password would is not repeated.
    (store / "mlflow.db").rename(store / "ann:secret@mlflow.db")
    with pytest.raises(RegistryNotReady, match=r"mlflow\.db: `make run` makes it") as raised:
        _ = Registry(f"sqlite:///{store / 'ann:secret@mlflow.db'}").experiment
    assert "secret" not in str(raised.value)


def test_the_environment_does_not_redirect_the_registry(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    assert Registry(registry.tracking_uri).version_at("champion") is None


@pytest.mark.parametrize("state", ["FINISHED", "FAILED"])
def test_a_trial_is_an_ended_child_with_its_own_times_and_state(
    registry: Registry, state: Any
) -> None:
    parent = registry.client.create_run(registry.experiment).info.run_id
    run = registry.client.get_run(registry.log_trial(parent, a_trial(state=state)))
    assert run.info.status == state
    assert run.info.end_time - run.info.start_time == 2000
    assert run.info.run_name == "logistic 1"
    assert run.data.tags["mlflow.parentRunId"] == parent
    assert run.data.tags["family"] == "logistic"
    assert run.data.params == {"family": "logistic", "C": "0.3"}
    assert run.data.metrics == {"log_loss": 0.43}


def test_a_trial_that_cannot_be_written_is_ended_all_the_same(registry: Registry) -> None:
    parent = registry.client.create_run(registry.experiment).info.run_id
    with pytest.raises(MlflowException):
        registry.log_trial(parent, a_trial(params={"x" * 300: 1}))
    children = [
        run
        for run in registry.client.search_runs([registry.experiment])
        if run.info.run_id != parent
    ]
    assert [run.info.status for run in children] == ["FAILED"]


def test_a_registered_winner_is_the_candidate_with_its_whole_identity(
    registry: Registry, a_winner: MakeWinner
) -> None:
    winner = a_winner()
    version = registry.register(winner)
    assert registry.version_at("candidate") == version
    assert (version.version, version.run_id, version.reused) == (1, winner.run_id, False)
    assert (version.digest, version.data_fingerprint) == ("d1", "f1")
    assert (version.dagster_run_id, version.code_revision) == ("dagster-1", "abc123")
    assert version.created.tzinfo is UTC
    run = registry.client.get_run(winner.run_id)
    assert run.data.metrics == {"log_loss": 0.43}
    assert run.data.params == {"family": "logistic"}
    assert run.data.tags["model_version"] == "1"
    # dagster-mlflow looks for the run by this tag; a version is none.
    assert "dagster_run_id" not in run.data.tags
    figures = registry.client.list_artifacts(winner.run_id, "figures")
    assert [file.path for file in figures] == ["figures/roc.png"]


def test_the_logged_pipeline_predicts_as_the_fitted_one(
    registry: Registry, a_winner: MakeWinner
) -> None:
    import mlflow

    winner = a_winner(
        pipeline=VotingClassifier(
            [
                ("forest", RandomForestClassifier(3, random_state=1)),
                ("boosting", HistGradientBoostingClassifier(max_iter=3, random_state=1)),
            ],
            voting="soft",
        ).fit(ROWS, LABELS)
    )
    registry.register(winner)
    loaded = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}@candidate")
    np.testing.assert_array_equal(loaded.predict(ROWS), winner.pipeline.predict_proba(ROWS))
    assert loaded.metadata.signature is not None
    assert loaded.metadata.saved_input_example_info is not None
    model = registry.client.search_logged_models([registry.experiment])[0]
    assert model.source_run_id == winner.run_id
    assert model.artifact_location.startswith(
        registry.client.get_experiment(registry.experiment).artifact_location
    )


class Homemade(BaseEstimator):
    """An estimator that skops has never heard of."""


def test_a_pipeline_with_foreign_types_is_not_trusted() -> None:
    with pytest.raises(UntrustedPipeline, match="Homemade"):
        trusted_types(make_pipeline(StandardScaler(), Homemade()))


def test_the_same_digest_is_not_registered_twice(registry: Registry, a_winner: MakeWinner) -> None:
    first = registry.register(a_winner("d1"))
    registry.register(a_winner("d2"))
    again = a_winner("d1", metrics={"log_loss": 0.44})
    version = registry.register(again)
    assert version == first
    assert version.reused
    assert registry.version_at("candidate") == first
    assert [each.version for each in registry.versions()] == [2, 1]
    run = registry.client.get_run(again.run_id)
    assert run.data.metrics == {"log_loss": 0.44}
    assert run.data.tags["model_version"] == "1"


def test_a_version_whose_release_was_lost_is_healed_by_training_anew(
    registry: Registry, a_winner: MakeWinner, tmp_path: Path
) -> None:
    lost = registry.register(a_winner("d1"))
    shutil.rmtree(next((tmp_path / "mlflow").rglob(f"{lost.run_id}/artifacts/release")))
    healed = registry.register(a_winner("d1"))
    assert (healed.version, healed.reused) == (2, False)
    assert registry.fetch_release(healed, tmp_path / "releases" / "2").is_dir()
    assert registry.register(a_winner("d1")) == healed


def test_a_server_that_does_not_answer_is_named_at_once() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://me:secret@127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RegistryNotReady, match=r"does not answer.*TITANIC_TRACKING_URI") as e:
            Registry(address).initialise("unused")
    assert "secret" not in str(e.value)


def test_registering_can_be_repeated_within_one_run(
    registry: Registry, a_winner: MakeWinner
) -> None:
    winner = a_winner()
    assert registry.register(winner) == registry.register(winner)


def test_an_alias_moves_and_is_dropped(registry: Registry, a_winner: MakeWinner) -> None:
    first, second = registry.register(a_winner("d1")), registry.register(a_winner("d2"))
    assert registry.version_at("champion") is None
    registry.move_alias("champion", first.version)
    assert registry.version_at("champion") == first
    registry.move_alias("champion", second.version)
    assert registry.version_at("champion") == second
    registry.drop_alias("champion")
    registry.drop_alias("champion")
    assert registry.version_at("champion") is None


def test_an_alias_that_cannot_be_read_is_not_a_missing_alias(store: Path) -> None:
    with pytest.raises(MlflowException, match=MODEL_NAME):
        Registry(f"sqlite:///{store / 'mlflow.db'}").version_at("champion")


def test_a_version_made_by_hand_is_named_and_not_listed(registry: Registry) -> None:
    made = registry.client.create_model_version(MODEL_NAME, source="/somewhere")
    registry.move_alias("champion", made.version)
    with pytest.raises(ForeignVersion, match="version 1"):
        registry.version_at("champion")
    assert registry.versions() == ()


def test_a_release_comes_back_as_it_was_built(
    registry: Registry, a_winner: MakeWinner, tmp_path: Path
) -> None:
    version = registry.register(a_winner())
    into = registry.fetch_release(version, tmp_path / "releases" / "1")
    assert sorted(path.name for path in into.iterdir()) == ["metadata.json", "model.onnx"]
    assert (into / "model.onnx").read_bytes() == b"d1"
    assert list((tmp_path / "releases").iterdir()) == [into]
    with pytest.raises(FileExistsError, match="there already"):
        registry.fetch_release(version, into)


def test_a_lost_release_leaves_nothing_half_fetched(
    registry: Registry, a_winner: MakeWinner, tmp_path: Path
) -> None:
    version = registry.register(a_winner())
    emptier = replace(version, run_id=registry.client.create_run(registry.experiment).info.run_id)
    with pytest.raises(NoRelease, match="restore"):
        registry.fetch_release(emptier, tmp_path / "releases" / "1")
    assert list((tmp_path / "releases").iterdir()) == []


def test_links_lead_to_the_pages_of_the_ui() -> None:
    links = Links("http://localhost:5000/")
    run = "http://localhost:5000/#/experiments/1/runs/r"
    view = "?workflowType=machine_learning"
    assert links.run("1", "r") == f"{run}{view}"
    assert links.artifact("1", "r", "reports/a page.html") == (
        f"{run}/artifacts/reports/a%20page.html{view}"
    )
    assert links.version(7) == f"http://localhost:5000/#/models/titanic-survival/versions/7{view}"
    assert links.file("r", "pictures/a b.png") == (
        "http://localhost:5000/get-artifact?path=pictures/a%20b.png&run_uuid=r"
    )


def test_a_winner_may_have_no_files(registry: Registry, a_winner: MakeWinner) -> None:
    winner = a_winner(artifacts={})
    registry.register(winner)
    paths = [file.path for file in registry.client.list_artifacts(winner.run_id)]
    assert paths == ["release"]
