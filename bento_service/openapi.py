"""The documentation of the service as an OpenAPI document, made from `operations` and `answers`.

What a passenger is comes from the contract, ranges and descriptions included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import ComputedFieldInfo, FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import CoreSchema

from bento_service.answers import ErrorAnswer
from bento_service.operations import (
    ALWAYS,
    JSON,
    OF_CALLERS,
    OPERATIONS,
    PREDICTIONS,
    REFUSALS,
    TAGS,
    Operation,
)
from titanic_model.contract import Passenger

_SCHEMAS = "#/components/schemas/{model}"
_HEADERS = "#/components/headers/"
_PARAMETERS = "#/components/parameters/"
_ABOUT = """Would this passenger have survived?

Every answer has the header `X-Request-ID`; a request may bring its own, of up to 64 letters,
digits, dots, dashes and underscores. Errors are `{"error": {"type", "message", "field"?,
"request_id", "time"}}`: the type is for programs, the message for people."""
_ALWAYS_THERE = {
    "X-Request-ID": ("string", "The request's id, as it is in the logs."),
    "Retry-After": ("integer", "Seconds after which trying again makes sense."),
    "WWW-Authenticate": ("string", "What kind of token is asked for (RFC 6750)."),
}
_SOMETIMES_THERE = {
    "X-RateLimit-Limit": ("integer", "How often you may ask in one span of time."),
    "X-RateLimit-Remaining": ("integer", "How often you still may."),
    "X-RateLimit-Reset": ("integer", "When the next span begins, in seconds since 1970."),
}
_LIMITS = tuple(_SOMETIMES_THERE)
_HEADERS_OF = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After", *_LIMITS),
}


def document(version: str, *, asks_for_tokens: bool) -> dict[str, Any]:
    """The whole document, for a service of this version."""
    # What only administrators may do is not there as long as nobody can be one.
    offered = [each for each in OPERATIONS if asks_for_tokens or each.scope != "admin"]
    paths: dict[str, dict[str, Any]] = {}
    for operation in offered:
        described = _describe(operation, asks_for_tokens=asks_for_tokens)
        paths.setdefault(operation.path, {})[operation.method] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "titanic_survival", "version": version, "description": _ABOUT},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(offered),
            "headers": {
                name: {"description": text, "required": required, "schema": {"type": kind}}
                for required, headers in ((True, _ALWAYS_THERE), (False, _SOMETIMES_THERE))
                for name, (kind, text) in headers.items()
            },
            "parameters": {"RequestId": _REQUEST_ID, "CallerKey": _CALLER_KEY},
            **({"securitySchemes": {"bearer": _BEARER}} if asks_for_tokens else {}),
        },
    }


def merged(own: Mapping[str, Any], bentoml: Mapping[str, Any]) -> dict[str, Any]:
    """Our document with those paths of BentoML's that it lacks; where both speak, ours counts."""
    schemas = {**bentoml.get("components", {}).get("schemas", {}), **own["components"]["schemas"]}
    return {
        **own,
        "paths": {**bentoml.get("paths", {}), **own["paths"]},
        "components": {**own["components"], "schemas": schemas},
    }


_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "An id of your own for this request; one that does not fit is replaced.",
    "schema": {"type": "string"},
}
_CALLER_KEY = {
    "name": "X-Caller-Key",
    "in": "header",
    "required": False,
    "description": "On whose behalf you ask, in 1 to 128 printable ASCII characters: the same key "
    "always gets the same variant, and is in the log of predictions.",
    # Blanks around a header's value are no part of it.
    "schema": {"type": "string", "maxLength": 128, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token with the scope `predict`, or `admin` for what administrators do.",
}


def _describe(operation: Operation, *, asks_for_tokens: bool) -> dict[str, Any]:
    guarded = operation.scope is not None
    parameters = [*operation.parameters, {"$ref": f"{_PARAMETERS}RequestId"}]
    if operation.tag == PREDICTIONS:
        parameters.append({"$ref": f"{_PARAMETERS}CallerKey"})
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters,
        "responses": _responses(operation),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {
                media: {
                    "schema": _schema_of(shape),
                    "examples": operation.body.examples.get(media, {}),
                }
                for media, shape in operation.body.content.items()
            },
        }
    if asks_for_tokens:
        described["security"] = [{"bearer": [operation.scope]}] if guarded else []
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    content = {media: {"schema": _schema_of(shape)} for media, shape in operation.answers.items()}
    limits = _LIMITS if operation.scope is not None else ()
    good = {"headers": _headers("X-Request-ID", *limits), "content": content}
    responses: dict[str, Any] = {"200": {"description": operation.summary + ".", **good}}
    for status, text in operation.also_with.items():
        responses[str(status)] = {"description": text, **good}
    guarded = OF_CALLERS if operation.scope is not None else ()
    kinds = dict.fromkeys((*operation.refusals, *guarded, *ALWAYS))
    for status in sorted({REFUSALS[kind][0] for kind in kinds}):
        of_status = [kind for kind in REFUSALS if kind in kinds and REFUSALS[kind][0] == status]
        responses[str(status)] = _refusal(status, of_status)
    return responses


def _refusal(status: int, kinds: list[str]) -> dict[str, Any]:
    meanings = "; ".join(f"`{kind}`: {REFUSALS[kind][1]}" for kind in kinds)
    only_these = {
        "properties": {"error": {"properties": {"type": {"enum": kinds}}}},
    }
    schema = {"allOf": [{"$ref": _SCHEMAS.format(model=ErrorAnswer.__name__)}, only_these]}
    return {
        "description": f"{meanings[0].upper()}{meanings[1:]}.",
        "headers": _headers("X-Request-ID", *_HEADERS_OF.get(status, ())),
        "content": {JSON: {"schema": schema}},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"{_HEADERS}{name}"} for name in names}


def _schema_of(shape: type[BaseModel] | dict[str, Any]) -> dict[str, Any]:
    if isinstance(shape, dict):
        return shape
    return {"$ref": _SCHEMAS.format(model=shape.__name__)}


class _WithoutTitles(GenerateJsonSchema):
    """A field's name in capitals says no more than its name."""

    def field_title_should_be_set(self, schema: CoreSchema | FieldInfo | ComputedFieldInfo) -> bool:
        """Never."""
        del schema
        return False


def _schemas(offered: Iterable[Operation]) -> dict[str, Any]:
    read: dict[type[BaseModel], JsonSchemaMode] = {Passenger: "validation"}
    told: dict[type[BaseModel], JsonSchemaMode] = {ErrorAnswer: "serialization"}
    for operation in offered:
        told.update(dict.fromkeys(_models(operation.answers), "serialization"))
        if operation.body:
            read.update(dict.fromkeys(_models(operation.body.content), "validation"))
    _, definitions = models_json_schema(
        [*read.items(), *told.items()],
        ref_template=_SCHEMAS,
        schema_generator=_WithoutTitles,
    )
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def _models(shapes: Mapping[str, type[BaseModel] | dict[str, Any]]) -> list[type[BaseModel]]:
    return [shape for shape in shapes.values() if not isinstance(shape, dict)]
