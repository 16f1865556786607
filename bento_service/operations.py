"""What can be asked of the service: each operation, what it takes, answers and refuses.

The documentation is made from this table; a test holds it against the routes there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from bento_service import answers
from bento_service.routes.outcomes import Outcome
from bento_service.routes.passengers import MAX_ID, MAX_IDS
from titanic_model.contract import Passenger

JSON, CSV, TEXT, HTML = "application/json", "text/csv", "text/plain", "text/html"

# Every kind of refusal: its status, and what it means.
REFUSALS: dict[str, tuple[int, str]] = {
    "malformed_json": (400, "the body is not JSON"),
    "malformed_csv": (400, "the body is not CSV in UTF-8"),
    "disconnected": (400, "the caller left before the body was there"),
    "unauthenticated": (401, "there is no token, or one that does not count"),
    "forbidden": (403, "the token lacks the scope"),
    "not_found": (404, "there is nothing at this path"),
    "unknown_passenger": (404, "nobody has this id"),
    "method_not_allowed": (405, "the header Allow has those that are"),
    "too_slow": (408, "the body did not arrive in time"),
    "contradicting_outcome": (409, "another outcome has been noted"),
    "too_large": (413, "the body is too long, or has too many passengers"),
    "unsupported_media_type": (415, "Content-Type is none that is read here"),
    "invalid_input": (422, "a value is not allowed; the error names the field"),
    "too_many_requests": (429, "the caller has used up what it may ask"),
    "overloaded": (429, "too many requests are being answered at once"),
    "internal": (500, "something broke; the log has it under the request id"),
    "no_release": (503, "no model has been released to this service yet"),
    "features_unavailable": (503, "the feature store cannot be reached"),
    "releases_unavailable": (503, "the folder of releases cannot be read"),
    "keys_unavailable": (503, "the keys that tokens are checked with cannot be had"),
}
ALWAYS = ("internal",)
OF_CALLERS = (
    "unauthenticated", "forbidden", "invalid_input", "too_many_requests", "overloaded",
    "keys_unavailable",
)  # fmt: skip
OF_BODIES = ("disconnected", "too_slow", "too_large", "unsupported_media_type", "invalid_input")
OF_JSON = (*OF_BODIES, "malformed_json")


@dataclass(frozen=True)
class Body:
    """What a request carries: a schema or a model for each media type, and examples."""

    content: dict[str, type[BaseModel] | dict[str, Any]]
    examples: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One path and method. `scope` is what a token has to allow, None what is open to all."""

    path: str
    name: str
    tag: str
    summary: str
    answers: dict[str, type[BaseModel] | dict[str, Any]]
    description: str = ""
    method: Literal["get", "post"] = "get"
    scope: Literal["predict", "admin"] | None = "predict"
    refusals: tuple[str, ...] = ()
    body: Body | None = None
    parameters: tuple[dict[str, Any], ...] = ()
    # The same answer may come with another status, such as that of a service not ready yet.
    also_with: dict[int, str] = field(default_factory=dict)


PREDICTIONS = "Predictions"
TAGS = {
    PREDICTIONS: "What would have become of a passenger.",
    "Outcomes": "What really became of them.",
    "Models": "Which model answers, and where it comes from.",
    "Watching": "Drift, health, probes and metrics.",
    "Page": "For people, and what the page is made from.",
}

_MINIMAL = {"pclass": 3, "sex": "male"}
_LADY = {
    "pclass": 1, "sex": "female", "age": 38, "sibsp": 1, "parch": 0, "fare": 71.2833,
    "embarked": "C", "name": "Cumings, Mrs. John Bradley (Florence Briggs Thayer)",
    "ticket": "PC 17599", "cabin": "C85",
}  # fmt: skip
_PASSENGER = Body(
    {JSON: Passenger},
    {
        JSON: {
            "lady": {"summary": "A lady in first class", "value": _LADY},
            "minimal": {"summary": "All that is needed", "value": _MINIMAL},
        }
    },
)
_ANY_ROW = {
    "anyOf": [
        {"$ref": "#/components/schemas/Passenger"},
        {"description": "Anything else gets an error in its place and spoils no neighbour."},
    ]
}
_BATCH = Body(
    {
        JSON: {
            "type": "object",
            "properties": {
                "passengers": {
                    "type": "array",
                    "items": _ANY_ROW,
                    "description": "At most MAX_BATCH_ROWS of them, 10,000 if that is not set.",
                }
            },
            "required": ["passengers"],
            "additionalProperties": False,
        },
        CSV: {
            "type": "string",
            "description": "A header and a line for each passenger. Kaggle's names of columns and "
            "titanic3's are both understood, other columns are ignored, an empty cell is unknown.",
        },
    },
    {
        JSON: {"two": {"value": {"passengers": [_LADY, _MINIMAL]}}},
        CSV: {"two": {"value": "pclass,sex,age\n1,female,38\n3,male,\n"}},
    },
)
_CSV_ANSWER = {"type": "string", "description": "Columns row, survived, probability and error."}
_IDS = {
    "name": "ids",
    "in": "query",
    "required": True,
    "description": "Passenger ids, separated by commas. What is none gets an error in its place.",
    "style": "form",
    "explode": False,
    "schema": {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_IDS,
        # Texts, as all in a query: what is no number is answered, too.
        "items": {"type": "string", "pattern": "^[^,]+$"},
    },
    "example": ["1", "2", "3"],
}
_ID = {
    "name": "passenger_id",
    "in": "path",
    "required": True,
    "description": "The passenger's number.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
    "example": 1,
}
_API = "/api/v1"
_PLAIN = {"type": "string"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        f"{_API}/predict", "predict", PREDICTIONS, "One passenger",
        {JSON: answers.Prediction},
        "Only the class and the sex are needed; the more is known, the better the answer.",
        method="post", body=_PASSENGER, refusals=(*OF_JSON, "no_release"),
    ),
    Operation(
        f"{_API}/batch_predict", "batch_predict", PREDICTIONS, "Many passengers",
        {JSON: answers.BatchPrediction, CSV: _CSV_ANSWER},
        "As JSON or as CSV. Answers come in the order of the rows; a row that is no passenger gets "
        "an error in its place. `Accept: text/csv` asks for the answer as CSV.",
        method="post", body=_BATCH, refusals=(*OF_JSON, "malformed_csv", "no_release"),
    ),
    Operation(
        f"{_API}/predict_all", "predict_all", PREDICTIONS, "One passenger, by every model",
        {JSON: answers.EveryPrediction},
        "What the champion says, and the challenger if one is loaded.",
        method="post", body=_PASSENGER, refusals=(*OF_JSON, "no_release"),
    ),
    Operation(
        f"{_API}/explain", "explain", PREDICTIONS, "One passenger, and why",
        {JSON: answers.ExplainedPrediction},
        "Shares the distance from a typical passenger's probability out among the fields, by exact "
        "Shapley values of the same model.",
        method="post", body=_PASSENGER, refusals=(*OF_JSON, "no_release"),
    ),
    Operation(
        f"{_API}/passengers/{{passenger_id}}", "passenger", PREDICTIONS,
        "One passenger of the list",
        {JSON: answers.PassengerPrediction},
        "From the online feature store.",
        parameters=(_ID,),
        refusals=("invalid_input", "unknown_passenger", "no_release", "features_unavailable"),
    ),
    Operation(
        f"{_API}/passengers", "passengers", PREDICTIONS, "Several passengers of the list",
        {JSON: answers.PassengerPredictions},
        "From the online feature store. An id that nobody has gets an error in its place.",
        parameters=(_IDS,), refusals=("invalid_input", "no_release", "features_unavailable"),
    ),
    Operation(
        f"{_API}/features/status", "features_status", "Watching", "The online feature store",
        {JSON: answers.FeaturesStatus}, refusals=("features_unavailable",),
    ),
    Operation(
        f"{_API}/outcomes", "outcome", "Outcomes", "What really became of a passenger",
        {JSON: answers.OutcomeNoted},
        "Noted once for each request id; the same again is fine, another outcome is refused. An id "
        "that is not remembered is accepted, and joined with its prediction later.",
        method="post",
        body=Body({JSON: Outcome}, {JSON: {"survived": {
            "value": {"request_id": "5f2c8f6e0b7d4c1a", "survived": True}}}}),
        refusals=(*OF_JSON, "contradicting_outcome"),
    ),
    Operation(
        f"{_API}/model", "model", "Models", "The live model", {JSON: answers.LiveModels},
        "With its whole provenance, and with what was refused.",
    ),
    Operation(
        f"{_API}/models", "models", "Models", "All known models", {JSON: answers.KnownReleases},
        refusals=("releases_unavailable",),
    ),
    Operation(
        f"{_API}/admin/reload", "reload", "Models", "Look for a new release now",
        {JSON: answers.LiveModels}, method="post", scope="admin",
    ),
    Operation(
        f"{_API}/drift", "drift", "Watching", "The drift window", {JSON: answers.Drift},
        "The last predictions of all workers, by the bins and the index of the drift report.",
        refusals=("no_release",),
    ),
    Operation(
        f"{_API}/health", "health", "Watching", "Whether all is well", {JSON: answers.Health},
        scope=None, also_with={503: "There is no model yet."},
    ),
    Operation(
        f"{_API}/contract", "contract", "Page", "What a passenger is",
        {JSON: answers.Contract}, scope=None,
    ),
    Operation(
        "/livez", "livez", "Watching", "Whether the process answers", {TEXT: _PLAIN}, scope=None
    ),
    Operation(
        "/healthz", "healthz", "Watching", "The same as /livez", {TEXT: _PLAIN}, scope=None
    ),
    Operation(
        "/readyz", "readyz", "Watching", "Whether a model is loaded, checked and warm",
        {TEXT: _PLAIN}, scope=None, also_with={503: "Not yet."},
    ),
    Operation(
        "/metrics", "metrics", "Watching", "Metrics of all workers, for Prometheus",
        {TEXT: _PLAIN}, scope=None,
    ),
    Operation("/ui", "page", "Page", "The page", {HTML: _PLAIN}, scope=None),
    Operation(
        "/docs.json", "documentation", "Page", "This document", {JSON: {"type": "object"}},
        scope=None,
    ),
)  # fmt: skip
