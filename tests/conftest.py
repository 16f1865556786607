"""What holds for all tests: this machine's settings do not reach them, and nothing phones home."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import values

from tests.mlflow_server import mlflow_server  # noqa: F401 - one for the whole session
from titanic_assets.settings import Settings
from titanic_assets.stack.surroundings import NO_TELEMETRY
from titanic_assets.tracking.registry import Registry

os.environ.update(NO_TELEMETRY)
# COLUMNS is the width of the terminal that a process of the suite does not have.
for name in ("BENTOML_HOME", "COLUMNS", "DAGSTER_HOME", "MLFLOW_TRACKING_URI"):
    os.environ.pop(name, None)
# Under nohup, or behind a script's &, these are ignored, and so in every process a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory):
    """An empty store of MLflow. It costs seconds to make, and milliseconds to copy."""
    database = tmp_path_factory.mktemp("store") / "mlflow.db"
    Registry(f"sqlite:///{database}").client.search_experiments()
    return database


@pytest.fixture(autouse=True)
def _default_settings(monkeypatch):
    for setting in Settings.model_fields:
        monkeypatch.delenv(setting.upper(), raising=False)


@pytest.fixture(autouse=True)
def _metrics_for_one_test_only(monkeypatch):
    """The service's metrics change for the whole process how Prometheus's client counts."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # to be taken back, whatever it becomes
    del os.environ["PROMETHEUS_MULTIPROC_DIR"]


# What takes longest comes first, so that no process is left alone with it at the end.
_LONGEST = ("stack", "story", "operating", "graph", "benchmarks", "releasing")


def pytest_collection_modifyitems(items):
    """The tests of each file stay together, in their order, and no two have the same id."""
    tests = Path(__file__).parent

    def place(item):
        folder = item.path.relative_to(tests).parts[0]
        return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)

    items.sort(key=place)
    for item in items:
        if hasattr(item, "operation_label"):
            # schemathesis 4.32 names a test by its operation; pytest 9.2 leaves that out of its id.
            item._id = item.parent.id.child(item.name)
    seen = Counter(item.nodeid for item in items)
    if twice := [nodeid for nodeid, count in seen.items() if count > 1]:
        raise pytest.UsageError(f"only one of each would be run in two processes: {twice}")


def pytest_sessionfinish(session, exitstatus):
    """Where NO_SKIPS is set, a test that skipped itself for want of a program is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NO_SKIPS") and exitstatus == 0 and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
