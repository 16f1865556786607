"""The shapes of what the service answers, as models: the documentation is made from them.

Tests hold the real answers against them. What answers requests writes its JSON itself, which is
many times quicker than making these first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from bento_service.settings import ChallengerMode
from titanic_model.contract import Kind, Passenger
from titanic_model.events import Variant

Probability = Annotated[float, Field(ge=0, le=1, description="Of survival.")]
Survived = Annotated[bool, Field(description="True from a probability of one half on.")]
ModelVersion = Annotated[
    str, Field(description="The registry's number of the model that answered.", examples=["3"])
]
WhichVariant = Annotated[Variant, Field(description="In which role the model answered.")]
RequestId = Annotated[
    str,
    Field(
        description="The request's X-Request-ID, else one made for it. Outcomes are told by it.",
        examples=["5f2c8f6e0b7d4c1a"],
    ),
]
FieldValue = int | float | str | None


def _may_be_absent(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class ErrorDetail(_Shape):
    """What is wrong, and what to do about it."""

    type: Annotated[str, Field(description="One word for programs; see the statuses.")]
    message: Annotated[str, Field(description="A sentence for people.")]
    field: Annotated[
        str | SkipJsonSchema[None],
        Field(description="The field it is about, if any.", json_schema_extra=_may_be_absent),
    ] = None


class Error(ErrorDetail):
    """What is wrong with a request."""

    request_id: RequestId
    time: datetime


class ErrorAnswer(_Shape):
    """What every refused request gets."""

    error: Error


class Prediction(_Shape):
    """What would have become of a passenger."""

    survived: Survived
    probability: Probability
    model_version: ModelVersion
    variant: WhichVariant
    request_id: RequestId


class RowError(_Shape):
    """A row that could not be answered, in its place."""

    error: ErrorDetail


class BatchPrediction(_Shape):
    """One answer for each row, in the order of the rows."""

    predictions: Annotated[
        list[Prediction | RowError],
        Field(description="The request id of a row has `.` and its number, from 0, behind it."),
    ]
    model_version: ModelVersion
    variant: WhichVariant
    request_id: RequestId
    ignored_columns: Annotated[
        list[str] | SkipJsonSchema[None],
        Field(
            description="Columns of the CSV that mean nothing here.",
            json_schema_extra=_may_be_absent,
        ),
    ] = None


class ModelPrediction(_Shape):
    """What one of the models says."""

    survived: Survived
    probability: Probability
    model_version: ModelVersion
    variant: WhichVariant


class EveryPrediction(_Shape):
    """What each loaded model says, the champion first."""

    predictions: Annotated[list[ModelPrediction], Field(min_length=1)]
    request_id: RequestId


class TypicalPassenger(Passenger):
    """The passenger in the middle of those the model was trained on."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class ExplanationReference(_Shape):
    """Whom the passenger is compared with."""

    passenger: TypicalPassenger
    probability: Probability
    text: Annotated[str, Field(description="The same passenger in a few words.")]


class FieldContribution(_Shape):
    """What one field did to the probability."""

    field: str
    value: Annotated[FieldValue, Field(description="The passenger's.")]
    reference_value: Annotated[FieldValue, Field(description="The typical passenger's.")]
    contribution: Annotated[float, Field(ge=-1, le=1, description="Shapley value, in probability.")]
    sentence: Annotated[str, Field(examples=["being a woman raised it by 41 points"])]


class Explanation(_Shape):
    """Why the probability is not that of a typical passenger."""

    reference: ExplanationReference
    contributions: Annotated[
        list[FieldContribution],
        Field(description="The largest first. They add up to the difference in probability."),
    ]
    summary: str


class ExplainedPrediction(Prediction):
    """A prediction with its reasons."""

    explanation: Explanation


class PassengerPrediction(Prediction):
    """The prediction for a passenger of the list."""

    passenger_id: int


class PassengerError(_Shape):
    """A passenger who could not be answered for, in their place."""

    passenger_id: Annotated[int | str, Field(description="A text where it was no number.")]
    error: ErrorDetail


class PassengerPredictions(_Shape):
    """One answer for each id, in the order of the ids."""

    predictions: list[PassengerPrediction | PassengerError]
    request_id: RequestId


class FeaturesStatus(_Shape):
    """The online feature store."""

    reachable: bool
    rows: Annotated[int | None, Field(ge=0, description="Passengers in it.")]
    age_seconds: Annotated[float | None, Field(description="Since it was written last.")]
    feature_version: Annotated[int | None, Field(description="Of the feature transform.")]
    problem: Annotated[str | None, Field(description="Why it is of no use, if it is not.")]


class OutcomeNoted(_Shape):
    """The outcome as it was noted."""

    request_id: str
    survived: bool
    known: Annotated[bool, Field(description="Whether the prediction is remembered here.")]
    repeated: Annotated[bool, Field(description="Whether the same was told before.")]


class ModelProvenance(_Shape):
    """What a model was made of, and by which run."""

    data_fingerprint: str
    code_revision: str
    dagster_run_id: str
    mlflow_run_id: str


class LiveModel(_Shape):
    """One loaded release."""

    name: Annotated[str, Field(description="Of the release: version and digest.")]
    version: str
    variant: Variant
    digest: Annotated[str, Field(description="SHA-256 of the release's manifest.")]
    model_digest: Annotated[str, Field(description="SHA-256 of the model itself.")]
    family: str
    parameters: dict[str, int | float | str]
    imbalance: str
    figures: Annotated[dict[str, float], Field(description="How good it was when trained.")]
    feature_version: int
    features: Annotated[int, Field(description="How many the model reads.")]
    trained_on: Annotated[int, Field(description="Passengers it was trained on.")]
    provenance: ModelProvenance
    live_since: datetime


class RefusedRelease(_Shape):
    """A release that was not taken."""

    name: str
    reason: str
    time: datetime


class LiveModels(_Shape):
    """What answers now, where it comes from, and what was refused."""

    champion: LiveModel | None
    challenger: LiveModel | None
    challenger_mode: ChallengerMode
    challenger_share: Annotated[float, Field(ge=0, le=1)]
    source: Annotated[str, Field(description="The folder of releases that is followed.")]
    unreachable: Annotated[
        str | None, Field(description="Why that folder cannot be read just now.")
    ]
    refused: list[RefusedRelease]


class KnownRelease(_Shape):
    """One published release."""

    name: str
    version: str
    family: Annotated[str | None, Field(description="None of a broken one.")]
    state: Literal["champion", "challenger", "published", "refused", "broken"]


class KnownReleases(_Shape):
    """The published releases, the newest first."""

    models: Annotated[list[KnownRelease], Field(max_length=200)]
    all: Annotated[int, Field(ge=0, description="How many there are, listed or not.")]


class DriftBin(_Shape):
    """One bin of a field."""

    label: str
    reference: Annotated[float, Field(ge=0, le=1, description="Share when trained.")]
    window: Annotated[int, Field(ge=0, description="How many in the window.")]


class FieldDrift(_Shape):
    """How far one field has moved."""

    drift: Annotated[float, Field(description="Population stability index.")]
    bar: Annotated[
        float,
        Field(ge=0, description="The threshold or, if that is more, what chance explains."),
    ]
    drifted: Annotated[bool, Field(description="Above the bar, in a full window.")]
    bins: list[DriftBin]


class Drift(_Shape):
    """The last predictions beside what the model was trained on."""

    window: Annotated[int, Field(ge=1, description="How many predictions it can hold.")]
    predictions: Annotated[int, Field(ge=0, description="How many it holds.")]
    full: bool
    threshold: float
    model_version: ModelVersion
    fields: dict[str, FieldDrift]


class Health(_Shape):
    """Whether all is well, in a word."""

    status: Literal["ok", "waiting for a release"]
    model_version: str | None


class ContractFieldShape(_Shape):
    """What is allowed in one field of a passenger."""

    name: str
    kind: Kind
    required: bool
    optional: Annotated[bool, Field(description="Whether null is allowed.")]
    default: FieldValue
    low: float | None
    high: float | None
    allowed: list[str]
    max_length: int | None
    explanation: str


class Contract(_Shape):
    """What a passenger is, field by field."""

    fields: list[ContractFieldShape]
