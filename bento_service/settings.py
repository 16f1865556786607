"""Every setting of the service: its name in the environment, its type, its default, its reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bento_service.shown import shown
from bento_service.storage import folder_of
from titanic_model.reference import THRESHOLD

ChallengerMode = Literal["off", "shadow", "split"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_LEVELS = {"WARN": "WARNING", **{name: name for name in get_args(Level)}}
_SHOWN = 200  # characters of a wrong value


class WrongSetting(ValueError):
    """A setting that cannot have the value it was given."""


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        good = False
    if not good:
        raise ValueError("it has to be an address such as https://host:8080/path")
    return text


def _public_address(text: str) -> str:
    if "@" in urlsplit(text).netloc:
        raise ValueError("published keys are asked for without user and password: leave them out")
    return text


def _place(text: str) -> str:
    folder = folder_of(text)
    if folder is None:
        return text
    if not folder.is_absolute():
        # Workers run in the folder of the bento's code, and a new bento has another one.
        raise ValueError("name it in full, a relative path would lie within the bento")
    return str(folder)


def _when_asked(written: Any) -> Any:
    if str(written).lower() not in {"auto", "off"}:
        raise ValueError(
            "it has to be auto, by which tokens are asked for as soon as JWT_SECRET or JWKS_URL is "
            "set, or off, by which everybody is answered"
        )
    return str(written).lower()


def _level(written: Any) -> Any:
    return _LEVELS.get(str(written).upper(), written)


Address = Annotated[str, AfterValidator(_address)]
Place = Annotated[str, AfterValidator(_place)]


class Settings(BaseSettings):
    """What can be set, each by an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, allow_inf_nan=False
    )

    workers: Annotated[int, Field(ge=1, le=64, description="Processes that answer requests.")] = 1
    releases_uri: Annotated[
        Place | None,
        Field(
            description="The folder of releases whose `current.json` is followed: a whole path or "
            "a URL such as s3://bucket/releases. Unset: the release packed into the bento, for "
            "good.",
            repr=False,  # there may be a password in it, as in all that are not shown here
        ),
    ] = None
    releases_poll_seconds: Annotated[
        float, Field(gt=0, le=3600, description="How often `current.json` is looked at.")
    ] = 0.5
    challenger_mode: Annotated[
        ChallengerMode,
        Field(
            description="`off`; `shadow`: the challenger scores too and nobody sees it; `split`: "
            "it answers a share of the callers."
        ),
    ] = "off"
    challenger_share: Annotated[
        float, Field(ge=0, le=1, description="The share of callers that the challenger answers.")
    ] = 0.1
    auth: Annotated[
        Literal["auto", "off"],
        BeforeValidator(_when_asked),
        Field(
            description="`auto`: tokens are asked for as soon as JWT_SECRET or JWKS_URL is set; "
            "until then only callers on this machine are answered. `off`: everybody is."
        ),
    ] = "auto"
    jwt_secret: Annotated[
        SecretStr | None,
        Field(description="Tokens are signed with this by HS256; 32 bytes at least."),
    ] = None
    jwks_url: Annotated[
        Annotated[Address, AfterValidator(_public_address)] | None,
        Field(description="Tokens are signed with a key that is published here.", repr=False),
    ] = None
    jwt_audience: Annotated[str, Field(description="The audience that a token has to name.")] = (
        "titanic-survival"
    )
    jwt_issuer: Annotated[
        str | None, Field(description="The issuer that a token has to name, if any.")
    ] = None
    rate_limit: Annotated[
        str | None,
        Field(
            description="Requests for each caller, such as `600/minute`; `none` for no limit. "
            "Unset: 600/minute once tokens are asked for, none before."
        ),
    ] = None
    rate_limit_storage: Annotated[
        str | None,
        Field(
            description="Where the counting is done for several machines: redis://host:6379. "
            "Unset: in memory that this machine's workers share.",
            repr=False,
        ),
    ] = None
    max_concurrency: Annotated[
        int, Field(ge=1, description="Requests in flight, of all workers; the next get 429.")
    ] = 256
    max_body_bytes: Annotated[
        int, Field(ge=1024, description="Of a batch. A single passenger has at most 16 KiB.")
    ] = 8 * 1024 * 1024
    max_batch_rows: Annotated[int, Field(ge=1, description="Passengers in one batch.")] = 10_000
    cors_origins: Annotated[
        str,
        Field(description="Origins, by commas, whose pages may call the API from a browser."),
    ] = ""
    features_url: Annotated[
        Address | None,
        Field(
            description="Feast's feature server. Unset: no predictions by passenger id.",
            repr=False,
        ),
    ] = None
    features_timeout_seconds: Annotated[
        float, Field(gt=0, le=30, description="How long the feature server may take.")
    ] = 1.0
    drift_window: Annotated[
        int, Field(ge=200, le=100_000, description="Predictions in the window of online drift.")
    ] = 500
    drift_threshold: Annotated[
        float,
        Field(
            gt=0,
            description="Above this population stability index, and above what chance explains, a "
            "field has drifted.",
        ),
    ] = THRESHOLD
    prediction_log_uri: Annotated[
        Place | None,
        Field(
            description="Where predictions and outcomes are logged: a whole path or a URL such as "
            "s3://bucket/predictions. Unset: nowhere.",
            repr=False,
        ),
    ] = None
    prediction_log_segment_bytes: Annotated[
        int, Field(ge=4096, description="A segment of the log is closed at this size.")
    ] = 8 * 1024 * 1024
    prediction_log_segment_seconds: Annotated[
        float, Field(gt=0, description="A segment of the log is closed at this age.")
    ] = 60.0
    prediction_log_backlog: Annotated[
        int,
        Field(ge=1, description="Events kept while they cannot be written; later ones are lost."),
    ] = 10_000
    access_log: Annotated[bool, Field(description="A log line for each request.")] = False
    log_level: Annotated[
        Level,
        BeforeValidator(_level),
        Field(description="Of the log on stdout."),
    ] = "INFO"
    otel_exporter_otlp_endpoint: Annotated[
        Address | None,
        Field(
            description="Traces go there by OTLP over HTTP. Unset: nothing is traced.", repr=False
        ),
    ] = None

    @model_validator(mode="after")
    def _one_kind_of_key(self) -> Settings:
        if self.jwt_secret and self.jwks_url:
            raise ValueError("JWT_SECRET and JWKS_URL exclude each other: set one of them")
        if self.jwt_secret and len(self.jwt_secret.get_secret_value().encode()) < 32:
            raise ValueError("JWT_SECRET is too short, it has to have 32 bytes at least")
        return self

    @property
    def asks_for_tokens(self) -> bool:
        """Whether callers have to show who they are."""
        return self.auth != "off" and bool(self.jwt_secret or self.jwks_url)


def load_settings() -> Settings:
    """Read the settings from the environment, or say which one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            _explain(problem["loc"], problem["msg"], str(problem["input"]))
            for problem in error.errors()
        )
        raise WrongSetting(f"cannot read the settings of the service: {wrong}") from None


def _explain(place: tuple[int | str, ...], message: str, written: str) -> str:
    message = message.removeprefix("Value error, ")
    if not place:
        return message
    name = str(place[0]).upper()
    if name == "JWT_SECRET":
        return f"{name}: {message}"
    return f"{name}={shown(written)[:_SHOWN]!r}: {message}"
