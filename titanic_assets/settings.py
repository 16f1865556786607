"""Every setting of the graph: its name in the environment, its type, its default, its reason.

Read once, where it is needed. A `TITANIC_` variable that is none of these is an error that lists
the valid names, because a misspelt setting is otherwise a silent default.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from titanic_assets.sources.addresses import shown
from titanic_model.places import Places

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
CHECKOUT = Path(__file__).resolve().parent.parent


class WrongSetting(ValueError):
    """A setting that does not exist or cannot have the value it was given."""


class Settings(BaseSettings):
    """What can be set, each by an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    titanic_home: Annotated[
        Path, Field(description="The one folder that everything written at run time is under.")
    ] = CHECKOUT / ".titanic"
    titanic_source: Annotated[
        str,
        Field(
            description="The passenger list: `packaged`, a file or folder (CSV or Parquet; a path "
            "or a URL such as s3://bucket/lists/), or a table as sqlite:///file.db#table or "
            "postgresql://host/database#table."
        ),
    ] = "packaged"
    titanic_tracking_uri: Annotated[
        str | None,
        Field(description="MLflow's store. Unset: SQLite under TITANIC_HOME."),
    ] = None
    bind_host: Annotated[
        str,
        Field(
            description="The address that the user interfaces listen on. They ask nobody for a "
            "password: widen it on a trusted network only."
        ),
    ] = "127.0.0.1"
    ui_port: Annotated[int, Field(ge=1, le=65535, description="Dagster UI.")] = 3000
    api_port: Annotated[int, Field(ge=1, le=65535, description="API and page.")] = 8000
    mlflow_port: Annotated[int, Field(ge=1, le=65535, description="MLflow UI.")] = 5000
    features_port: Annotated[int, Field(ge=1, le=65535, description="Feature server.")] = 6566
    monitor_port: Annotated[
        int,
        Field(ge=1, le=65535, description="Dagster's own health, for Prometheus, and the alerts."),
    ] = 8010
    bad_share_limit: Annotated[
        float,
        Field(ge=0, le=1, description="Above this share of bad rows a whole list is refused."),
    ] = 0.05
    landing_settle_seconds: Annotated[
        float,
        Field(ge=0, description="A landed file is read once nothing has touched it for so long."),
    ] = 3.0
    search_trials: Annotated[
        int,
        Field(ge=1, description="Candidates tried by the search. 60 is a thorough search."),
    ] = 12
    search_seed: Annotated[
        int, Field(ge=0, le=1_000_000, description="Seed of the search and the folds.")
    ] = 7
    minimum_gain: Annotated[
        float,
        Field(ge=0, description="Mean paired log loss a candidate must gain on the champion."),
    ] = 0.002

    shadow_minutes: Annotated[
        float,
        Field(
            ge=0,
            description="What would replace a champion is first its challenger for so long, scored "
            "in shadow (CHALLENGER_MODE=shadow). 0: it is promoted at once.",
        ),
    ] = 0.0
    shadow_predictions: Annotated[
        int, Field(ge=1, description="And until it has scored so many of the logged predictions.")
    ] = 200
    keep_releases: Annotated[
        int,
        Field(
            ge=0,
            description="Releases, bentos and images that are kept besides the live ones and the "
            "champion before.",
        ),
    ] = 5
    image_build: Annotated[
        Literal["on_demand", "every_release"],
        Field(description="When `serving_image` is made: `on_demand` or `every_release`."),
    ] = "on_demand"
    container_engine: Annotated[
        Literal["docker", "podman"] | None,
        Field(description="`docker` or `podman`. Unset: the one that works on this machine."),
    ] = None
    api_url: Annotated[
        str | None,
        Field(description="Where the service answers. Unset: at API_PORT of this machine."),
    ] = None
    prediction_log_uri: Annotated[
        str | None,
        Field(description="Where the service logs predictions. Unset: under TITANIC_HOME."),
    ] = None
    health_watch_minutes: Annotated[
        float,
        Field(ge=0, description="How long a new release is compared with the one before it."),
    ] = 30.0
    health_predictions: Annotated[
        int, Field(ge=10, description="Predictions by a new release before it is judged.")
    ] = 100
    health_error_share: Annotated[
        float,
        Field(ge=0, le=1, description="So much more of the requests may fail than before it."),
    ] = 0.01
    health_slowdown: Annotated[
        float, Field(ge=1, description="So many times as long as before it an answer may take.")
    ] = 3.0
    health_changed_answers: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the same passengers about whom it may say something else.",
        ),
    ] = 0.25
    drift_threshold: Annotated[
        float,
        Field(
            gt=0,
            description="Above this population stability index, and above what chance explains, a "
            "field has drifted. The service reads it, too.",
        ),
    ] = 0.1
    drift_predictions: Annotated[
        int,
        Field(
            ge=200,
            description="A drift report is about the predictions since the one before; where those "
            "are fewer, about the newest so many.",
        ),
    ] = 500
    performance_outcomes: Annotated[
        int, Field(ge=30, description="Known outcomes before a version is judged by them.")
    ] = 100
    performance_drop: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="So much accuracy less than on the passengers held out, and more than "
            "chance explains, and the performance report asks for training.",
        ),
    ] = 0.05
    experiment_promotes: Annotated[
        bool,
        Field(
            description="Whether a challenger that outcomes show to be better is promoted without "
            "a person."
        ),
    ] = False
    retrain_cooldown_hours: Annotated[
        float,
        Field(ge=0, description="Reports start training no more often than this."),
    ] = 6.0
    train_on_outcomes: Annotated[
        bool,
        Field(description="Whether passengers whose outcome was reported become training rows."),
    ] = True
    keep_reports: Annotated[
        int, Field(ge=1, description="Reports of each kind whose pages are kept.")
    ] = 120
    slack_webhook_url: Annotated[
        SecretStr | None,
        Field(
            description="Alerts are posted there, as Slack takes them. Unset: they are in the "
            "ledger of alerts only."
        ),
    ] = None
    alert_repeat_hours: Annotated[
        float, Field(ge=0, description="An alert about the same is sent again after so long.")
    ] = 24.0

    @cached_property
    def places(self) -> Places:
        """The folders under `titanic_home`."""
        return Places(self.titanic_home.expanduser().resolve())

    @property
    def tracking_uri(self) -> str:
        """MLflow's store, settled."""
        return self.titanic_tracking_uri or f"sqlite:///{self.places.mlflow / 'mlflow.db'}"

    @property
    def serves_mlflow(self) -> bool:
        """Whether MLflow's server is ours to start."""
        return not self.tracking_uri.startswith("http")

    @property
    def mlflow_api(self) -> str:
        """Where a program finds MLflow's server."""
        if self.tracking_uri.startswith("http"):
            return self.tracking_uri.rstrip("/")
        return f"http://{reachable(self.bind_host)}:{self.mlflow_port}"

    @property
    def service_url(self) -> str:
        """Where a program finds the service."""
        return (self.api_url or f"http://{reachable(self.bind_host)}:{self.api_port}").rstrip("/")

    @property
    def predictions(self) -> str:
        """Where the prediction log is: a folder or a URL."""
        return self.prediction_log_uri or str(self.places.prediction_log)

    @property
    def monitor_ui(self) -> str:
        """Where a browser finds Dagster's health and the alerts."""
        return f"http://localhost:{self.monitor_port}"

    @property
    def dagster_ui(self) -> str:
        """Where a browser finds Dagster."""
        return f"http://localhost:{self.ui_port}"

    @property
    def mlflow_ui(self) -> str:
        """Where a browser finds MLflow; links to it are kept, so it carries no password."""
        if (self.titanic_tracking_uri or "").startswith("http"):
            return shown(str(self.titanic_tracking_uri))
        return f"http://localhost:{self.mlflow_port}"


def reachable(host: str) -> str:
    """The host as it stands in an address that a program on this machine asks."""
    host = _ANY_ADDRESS.get(host, host)
    return f"[{host}]" if ":" in host else host


def load_settings() -> Settings:
    """Read the settings from the environment, or say which one is wrong and what is valid."""
    known = {name.upper() for name in Settings.model_fields}
    strangers = sorted(
        name for name in os.environ if name.startswith("TITANIC_") and name not in known
    )
    if strangers:
        raise WrongSetting(
            f"unknown setting {', '.join(strangers)}; valid are {', '.join(sorted(known))}"
        )
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{str(problem['loc'][0]).upper()}={problem['input']!r}: {problem['msg']}"
            for problem in error.errors()
        )
        raise WrongSetting(f"cannot read the settings: {wrong}") from None
