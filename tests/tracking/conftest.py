"""A real MLflow store on SQLite for each test, copied from one that was migrated once."""

import shutil
import socket
from pathlib import Path

import pytest

from titanic_assets.tracking.registry import Registry


@pytest.fixture
def store(tmp_path: Path, migrated_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store without any experiment of ours."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
    folder = tmp_path / "mlflow"
    folder.mkdir()
    shutil.copy(migrated_store, folder / "mlflow.db")
    return folder


@pytest.fixture
def registry(store: Path) -> Registry:
    """A registry that is ready for use."""
    ready = Registry(f"sqlite:///{store / 'mlflow.db'}")
    ready.initialise(str(store / "artifacts"))
    return ready


@pytest.fixture
def free_address() -> str:
    """Where no server is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
