"""MLflow as this project uses it: one experiment, one registered model, three aliases.

Nothing here decides anything: which version an alias should name is for the promotion.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from titanic_assets.sources.addresses import shown
from titanic_assets.tracking.asking import NoAnswer, Question, ask
from titanic_assets.tracking.versions import (
    EXPERIMENT,
    MODEL_NAME,
    Alias,
    ModelVersion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as Found

    from titanic_assets.tracking.winner import Winner

RELEASE = "release"
_SQLITE = "sqlite:///"
_ANSWER_WITHIN_SECONDS = 10


class RegistryNotReady(RuntimeError):
    """The store lacks what `Registry.initialise` makes."""


class ForeignVersion(RuntimeError):
    """A model version that this project did not register, so that it has no release."""


class NoSuchVersion(RuntimeError):
    """A version that the registry does not have."""


class NoRelease(RuntimeError):
    """A model version whose release directory is not among its artifacts."""


@dataclass(frozen=True)
class Trial:
    """One candidate of a search, tried."""

    name: str
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    started: datetime
    ended: datetime
    state: Literal["FINISHED", "FAILED"] = "FINISHED"


@dataclass(frozen=True)
class Registry:
    """The experiment and the registered model in one MLflow store."""

    tracking_uri: str
    experiment_name: str = EXPERIMENT

    @cached_property
    def client(self) -> MlflowClient:
        """The connection; the environment has no say in where it goes."""
        from mlflow import MlflowClient

        return MlflowClient(self.tracking_uri, registry_uri=self.tracking_uri)

    def initialise(self, artifacts: str) -> str:
        """Make the store, the experiment and the registered model where they are missing.

        A fresh store is made by one process at a time; a second one beside it would race.
        `artifacts` is where a new experiment keeps its files. Returns the experiment's id.
        """
        if self.tracking_uri.startswith(_SQLITE):
            database = Path(self.tracking_uri.removeprefix(_SQLITE))
            database.parent.mkdir(parents=True, exist_ok=True)
        elif self.tracking_uri.startswith(("http://", "https://")):
            _require_answer(self.tracking_uri)
        client = self.client
        experiment = client.get_experiment_by_name(self.experiment_name)
        if not client.search_registered_models(f"name = '{MODEL_NAME}'"):
            client.create_registered_model(MODEL_NAME)
        if experiment is not None:
            return str(experiment.experiment_id)
        return str(client.create_experiment(self.experiment_name, artifact_location=artifacts))

    @cached_property
    def experiment(self) -> str:
        """The experiment's id."""
        found = self.client.get_experiment_by_name(self.experiment_name)
        if found is None:
            raise RegistryNotReady(
                f"no experiment {self.experiment_name!r} in {shown(self.tracking_uri)}: `make run` "
                "makes it, or a run of the graph; or is this another store than the one meant?"
            )
        return str(found.experiment_id)

    def log_trial(self, parent_run_id: str, trial: Trial) -> str:
        """Write a trial down as a finished child run of `parent_run_id`; returns the run's id."""
        from mlflow.entities import Metric, Param
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        ended = _milliseconds(trial.ended)
        run = self.client.create_run(
            self.experiment,
            start_time=_milliseconds(trial.started),
            tags={**trial.tags, MLFLOW_PARENT_RUN_ID: parent_run_id},
            run_name=trial.name,
        )
        state: str = "FAILED"
        try:
            self.client.log_batch(
                run.info.run_id,
                metrics=[Metric(key, value, ended, 0) for key, value in trial.metrics.items()],
                params=[Param(key, str(value)) for key, value in trial.params.items()],
            )
            state = trial.state
        finally:
            self.client.set_terminated(run.info.run_id, state, ended)
        return str(run.info.run_id)

    def register(self, winner: Winner) -> ModelVersion:
        """Log the winner to its run, register it and point `candidate` at it.

        What has the digest of a registered version is that version: it is not registered again,
        and the answer says `reused`. A crash half-way leaves nothing that a second call trips on.
        """
        from titanic_assets.tracking.winner import log_facts, log_pipeline

        log_facts(self.client, winner)
        known = self.version_with(winner.digest)
        if known is None or not self.client.list_artifacts(known.run_id, RELEASE):
            self.client.log_artifacts(winner.run_id, str(winner.release), RELEASE)
            model_id = log_pipeline(self, winner)
            made = self.client.create_model_version(
                MODEL_NAME,
                source=f"models:/{model_id}",
                run_id=winner.run_id,
                model_id=model_id,
                tags=winner.identity,
            )
            version = _as_version(made)
        else:
            version = ModelVersion(**{**vars(known), "reused": True})
        self.client.set_tag(winner.run_id, "model_version", str(version.version))
        self.move_alias("candidate", version.version)
        return version

    def aliases(self) -> dict[str, int]:
        """Every alias and the version that it names."""
        found = self.client.get_registered_model(MODEL_NAME).aliases
        return {alias: int(number) for alias, number in found.items()}

    def version_at(self, alias: Alias) -> ModelVersion | None:
        """The version that `alias` names, or None when it names none."""
        number = self.aliases().get(alias)
        return None if number is None else self.version(number)

    def version(self, number: int) -> ModelVersion:
        """The version of that number."""
        with _saying_if_there_is_no(number):
            found = self.client.get_model_version(MODEL_NAME, str(number))
        return _as_version(found)

    def version_with(self, digest: str) -> ModelVersion | None:
        """The newest version registered with that digest, or None."""
        found = self.client.search_model_versions(
            f"name = '{MODEL_NAME}' and tags.digest = '{digest}'"
        )
        return max(map(_as_version, found), key=lambda version: version.version, default=None)

    def versions(self) -> tuple[ModelVersion, ...]:
        """All versions that this project registered, newest first."""
        found = self.client.search_model_versions(f"name = '{MODEL_NAME}'", max_results=10_000)
        ours = [_as_version(each) for each in found if "digest" in each.tags]
        return tuple(sorted(ours, key=lambda version: -version.version))

    def move_alias(self, alias: Alias, version: int) -> None:
        """Let `alias` name that version from now on."""
        with _saying_if_there_is_no(version):
            self.client.set_registered_model_alias(MODEL_NAME, alias, str(version))

    def drop_alias(self, alias: Alias) -> None:
        """Let `alias` name nothing; no matter if it already does."""
        self.client.delete_registered_model_alias(MODEL_NAME, alias)

    def fetch_release(self, version: ModelVersion, into: Path) -> Path:
        """Copy the version's release directory to `into`, which must not be there yet.

        It appears whole or not at all.
        """
        if into.exists():
            raise FileExistsError(f"{into} is there already: remove it, or name another folder")
        unfinished = into.with_name(f".{into.name}.{uuid4().hex}")
        unfinished.mkdir(parents=True)
        try:
            if not self.client.list_artifacts(version.run_id, RELEASE):
                raise NoRelease(
                    f"version {version.version} of {MODEL_NAME} has no {RELEASE}/ among the "
                    f"artifacts of its run {version.run_id}: were they deleted? Train anew, or "
                    "restore MLflow's artifacts from a backup."
                )
            self.client.download_artifacts(version.run_id, RELEASE, str(unfinished))
            (unfinished / RELEASE).rename(into)
        finally:
            from shutil import rmtree

            rmtree(unfinished, ignore_errors=True)
        return into


def _require_answer(address: str) -> None:
    """Raise unless a server answers, whatever it says: MLflow's client would try for minutes."""
    try:
        ask(Question("GET", address, {}), _ANSWER_WITHIN_SECONDS)
    except NoAnswer as error:
        raise RegistryNotReady(
            f"MLflow at {shown(address)} does not answer ({error}): is it up, and is "
            "TITANIC_TRACKING_URI right?"
        ) from None


@contextmanager
def _saying_if_there_is_no(number: int) -> Iterator[None]:
    """Tell a version that is not there from any other trouble that MLflow reports."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise NoSuchVersion(f"there is no version {number} of {MODEL_NAME}") from None


def _as_version(found: Found) -> ModelVersion:
    """What MLflow says of a version, in our terms."""
    created = datetime.fromtimestamp(found.creation_timestamp / 1000, UTC)
    return as_version(int(found.version), str(found.run_id or ""), created, found.tags)


def as_version(
    number: int, run_id: str, created: datetime, tags: Mapping[str, str]
) -> ModelVersion:
    """What a registry says of a version, in our terms; raises `ForeignVersion` for another's."""
    if "digest" not in tags:
        raise ForeignVersion(
            f"version {number} of {MODEL_NAME} was not registered by the training job (it "
            "has no digest), so it cannot be released: point the alias at one that was."
        )
    return ModelVersion(
        version=number,
        run_id=run_id,
        digest=tags["digest"],
        data_fingerprint=tags.get("data_fingerprint", ""),
        dagster_run_id=tags.get("dagster_run_id", ""),
        code_revision=tags.get("code_revision", ""),
        created=created,
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
