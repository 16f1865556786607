"""The environment of the processes that `make run` starts: ours, not that of other projects."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from titanic_assets.settings import CHECKOUT, Settings

# By this variable a process is known as one of a stack, whoever its parent has become.
MARK = "STACK_OF_HOME"

_OF_OTHER_PROJECTS = (
    "BENTO_",
    "BENTOML_",
    "DAGSTER_",
    "FEAST_",
    "GX_",
    "MLFLOW_",
    "OTEL_",
    "PYTHON",
    "VIRTUAL_ENV",
    MARK,
)
# Named like those and yet meant: they say where and how the service sends its traces.
_MEANT = "OTEL_EXPORTER_OTLP_"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY")
NO_TELEMETRY = {
    "BENTOML_DO_NOT_TRACK": "True",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ORT_DISABLE_TELEMETRY": "1",
}
_LOOPBACK = "localhost,127.0.0.1,::1"


def child_environment(
    inherited: Mapping[str, str], dotenv: Mapping[str, str], settings: Settings
) -> dict[str, str]:
    """What the processes see.

    Inherited settings of Dagster, MLflow, BentoML, Python and proxies were made for something
    else and stay outside. What this checkout's own `.env` says is meant, a proxy included.
    """
    places = settings.places
    kept = {name: value for name, value in inherited.items() if not _is_foreign(name)}
    # A virtual environment that is not activated is not on the path, and Dagster, MLflow and
    # BentoML call their own programs by name.
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {
        **dotenv,
        **kept,
        **NO_TELEMETRY,
        MARK: str(places.home),
        "BENTOML_HOME": str(places.bentoml),
        "DAGSTER_HOME": str(places.dagster),
        # Here and not on the command line, which every user of the machine can read.
        "MLFLOW_BACKEND_STORE_URI": settings.tracking_uri,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": str(places.mlflow / "artifacts"),
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
        "PATH": path,
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "TITANIC_HOME": str(places.home),
    }


def read_dotenv(path: Path) -> dict[str, str]:
    """The settings in a `.env` file; a file that is not there sets none."""
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value}


def _is_foreign(name: str) -> bool:
    # MLFLOW_PORT is ours: links on the assets are made of it.
    if name.lower() in Settings.model_fields or name.startswith(_MEANT):
        return False
    return name.startswith(_OF_OTHER_PROJECTS) or name.upper() in _PROXIES
