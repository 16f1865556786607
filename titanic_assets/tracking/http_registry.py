"""The registry over MLflow's REST interface: as much as moving aliases takes, without MLflow.

For whoever may not wait for MLflow to be imported, or not afford it. Nothing that is asked takes
longer than some seconds, and any answer but the one that was to come is `RegistryUnreachable`.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from titanic_assets.sources.addresses import shown
from titanic_assets.tracking.asking import NoAnswer, Question, ask
from titanic_assets.tracking.registry import NoSuchVersion, Registry, as_version
from titanic_assets.tracking.versions import EXPERIMENT, MODEL_NAME, Alias, ModelVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from titanic_assets.settings import Settings

_API = "api/2.0/mlflow"
_NOT_THERE = "RESOURCE_DOES_NOT_EXIST"


class RegistryUnreachable(RuntimeError):
    """MLflow's server does not answer, or not as it would."""


@dataclass(frozen=True)
class HttpRegistry:
    """The registered model at a server's address.

    `tracking_uri` is the same store as MLflow's own client reaches it, for what is not asked here.
    `artifacts` is where the store of this home keeps its files, if that is to be made sure of: at
    the same port there may be the server of another home.
    """

    address: str
    tracking_uri: str
    artifacts: Path | None = None
    # Seconds that an answer may take.
    patience: float = 5.0

    def aliases(self) -> dict[str, int]:
        """Every alias and the version that it names; none while nothing was registered."""
        found = self._get("registered-models/get", name=MODEL_NAME)
        if found is None:
            return {}
        with self._reading():
            listed = found["registered_model"].get("aliases", [])
            return {each["alias"]: int(each["version"]) for each in listed}

    def version_at(self, alias: Alias) -> ModelVersion | None:
        """The version that `alias` names, or None when it names none."""
        number = self.aliases().get(alias)
        return None if number is None else self.version(number)

    def version(self, number: int) -> ModelVersion:
        """The version of that number."""
        found = self._get("model-versions/get", name=MODEL_NAME, version=str(number))
        if found is None:
            raise _no(number)
        with self._reading():
            version = found["model_version"]
            tags = {tag["key"]: tag["value"] for tag in version.get("tags", [])}
            created = datetime.fromtimestamp(int(version["creation_timestamp"]) / 1000, UTC)
            facts = int(version["version"]), str(version.get("run_id", "")), created
        return as_version(*facts, tags)

    def move_alias(self, alias: Alias, version: int) -> None:
        """Let `alias` name that version from now on."""
        where = {"name": MODEL_NAME, "alias": alias, "version": str(version)}
        if self._ask("POST", "registered-models/alias", where) is None:
            raise _no(version)

    def drop_alias(self, alias: Alias) -> None:
        """Let `alias` name nothing; no matter if it already does."""
        self._ask("DELETE", "registered-models/alias", {"name": MODEL_NAME, "alias": alias})

    def fetch_release(self, version: ModelVersion, into: Path) -> Path:
        """Copy the version's release directory to `into`; this is for MLflow's own client."""
        return Registry(self.tracking_uri).fetch_release(version, into)

    def require_ours(self) -> None:
        """Raise unless the server is there and, as far as that is known, serves this home."""
        self.aliases()

    def _get(self, path: str, **query: str) -> dict[str, Any] | None:
        return self._ask("GET", f"{path}?{urlencode(query)}")

    def _ask(
        self, method: str, path: str, content: dict[str, str] | None = None
    ) -> dict[str, Any] | None:
        """What the server says; None when it says that there is no such thing."""
        if self._stranger:
            raise RegistryUnreachable(self._stranger)
        return self._answer(method, path, content)

    @cached_property
    def _stranger(self) -> str:
        """Why nothing is to be asked or moved there; empty when the server is that of this home."""
        if self.artifacts is None:
            return ""
        query = urlencode({"experiment_name": EXPERIMENT})
        found = self._answer("GET", f"experiments/get-by-name?{query}")
        with self._reading():
            place = found["experiment"]["artifact_location"] if found else "nowhere yet"
        if place in (str(self.artifacts), self.artifacts.as_uri()):
            return ""
        return (
            f"the MLflow at {shown(self.address)} is not that of this home: it keeps its files in "
            f"{place}, and not in {self.artifacts}. Are TITANIC_HOME and MLFLOW_PORT right?"
        )

    def _answer(
        self, method: str, path: str, content: dict[str, str] | None = None
    ) -> dict[str, Any] | None:
        address, credentials = _without_credentials(self.address)
        question = Question(
            method,
            f"{address}/{_API}/{path}",
            {"Content-Type": "application/json", **credentials},
            None if content is None else json.dumps(content).encode(),
            by_proxy=self.tracking_uri.startswith("http"),
        )
        try:
            answer = ask(question, self.patience)
        except NoAnswer as error:
            raise RegistryUnreachable(
                f"MLflow at {shown(self.address)} does not answer ({error}): is it up?"
            ) from None
        with self._reading():
            said = json.loads(answer.content)
            if answer.status == HTTPStatus.OK:
                return dict(said)
            code, message = said["error_code"], said.get("message", "")
        if code == _NOT_THERE:
            return None
        raise RegistryUnreachable(
            f"MLflow at {shown(self.address)} answers status {answer.status}: {code}, {message}"
        )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise RegistryUnreachable(
                f"what answers at {shown(self.address)} does not speak as MLflow does ({error!r}): "
                "is it another service?"
            ) from None


def http_registry(settings: Settings) -> HttpRegistry:
    """The registry by way of its server, for whoever must not import MLflow."""
    return HttpRegistry(
        settings.mlflow_api,
        settings.tracking_uri,
        # A store that was set may be shared, and its files are where they were at first.
        None if settings.titanic_tracking_uri else settings.places.mlflow / "artifacts",
    )


def open_registry(settings: Settings) -> HttpRegistry | Registry:
    """The registry by way of its server, or where that is down and the store is ours, by itself."""
    registry = http_registry(settings)
    try:
        registry.require_ours()
    except RegistryUnreachable:
        if not settings.serves_mlflow:
            raise
        # MLflow would make an empty one.
        if settings.titanic_tracking_uri is None and not settings.places.mlflow.exists():
            raise RegistryUnreachable(
                f"there are no models in {settings.places.home} yet: `make run` trains and "
                "promotes the first one. Or is TITANIC_HOME another?"
            ) from None
        return Registry(settings.tracking_uri)
    return registry


def _no(number: int) -> NoSuchVersion:
    return NoSuchVersion(f"there is no version {number} of {MODEL_NAME}")


def _without_credentials(address: str) -> tuple[str, dict[str, str]]:
    """The address to ask, and the header that carries who asks, from where MLflow's client has it.

    >>> _without_credentials("http://ann:secret@mlflow:5000")
    ('http://mlflow:5000', {'Authorization': 'Basic YW5uOnNlY3JldA=='})
    """
    parts = urlsplit(address)
    user, password = parts.username, parts.password
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        header = f"Bearer {token}"
    else:
        user = unquote(user) if user else os.environ.get("MLFLOW_TRACKING_USERNAME")
        password = unquote(password or "") or os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
        header = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""
    place = parts.netloc.rpartition("@")[2]
    plain = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    return plain, {"Authorization": header} if header else {}
