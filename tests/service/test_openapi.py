"""The documentation: a valid document that says of the service what its code does."""

import ast
import json
import re
from pathlib import Path

import pytest
from openapi_spec_validator import validate

import bento_service
from bento_service.http import Refused
from bento_service.openapi import document, merged
from bento_service.operations import JSON, OPERATIONS, REFUSALS
from titanic_model.contract import FIELDS, Passenger

OPEN = document("1.2.3", asks_for_tokens=False)
GUARDED = document("1.2.3", asks_for_tokens=True)
PROBES = {"/livez", "/healthz", "/readyz", "/metrics", "/api/v1/health"}


def operations(document):
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.parametrize("content", [OPEN, GUARDED], ids=["open", "guarded"])
def test_it_is_a_valid_document(content):
    validate(json.loads(json.dumps(content)))
    assert content["info"]["version"] == "1.2.3"
    assert "servers" not in content


def test_a_passenger_is_documented_as_the_contract_has_it():
    schema = OPEN["components"]["schemas"]["Passenger"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == [field.name for field in FIELDS if field.required]
    for field in FIELDS:
        described = schema["properties"][field.name]
        kinds = described.get("anyOf", [described])
        assert described["description"] == field.explanation
        assert ({"type": "null"} in kinds) == field.optional
        assert kinds[0].get("minimum") == field.low
        assert kinds[0].get("maximum") == field.high
        assert tuple(kinds[0].get("enum", ())) == field.allowed
        assert kinds[0].get("maxLength") == field.max_length


def test_what_administrators_do_is_there_only_where_tokens_say_who_is_one():
    reload = ("post", "/api/v1/admin/reload")
    assert reload not in operations(OPEN)
    assert operations(GUARDED)[reload]["security"] == [{"bearer": ["admin"]}]


def test_tokens_are_documented_where_they_are_asked_for():
    assert "securitySchemes" not in OPEN["components"]
    assert not any("security" in operation for operation in operations(OPEN).values())
    assert GUARDED["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for (_, path), operation in operations(GUARDED).items():
        assert (operation["security"] == []) == ("401" not in operation["responses"])
        if path in PROBES:
            assert operation["security"] == []
    assert operations(GUARDED)["post", "/api/v1/predict"]["security"] == [{"bearer": ["predict"]}]


def test_every_operation_has_a_name_a_tag_and_an_answer_with_the_request_id():
    tags = {tag["name"] for tag in OPEN["tags"]}
    names = [operation["operationId"] for operation in operations(GUARDED).values()]
    assert len(names) == len(set(names))
    for operation in operations(GUARDED).values():
        assert set(operation["tags"]) <= tags
        assert operation["summary"]
        for response in operation["responses"].values():
            assert "X-Request-ID" in response["headers"]
            assert response["content"]


def test_who_is_asked_to_wait_is_told_how_long():
    for operation in operations(GUARDED).values():
        response = operation["responses"].get("429")
        assert response is None or "Retry-After" in response["headers"]


def refusals_in(source):
    """The status and the kind of each refusal that this code makes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == Refused.__name__:
            status, kind = (
                argument.value if isinstance(argument, ast.Constant) else None
                for argument in node.args[:2]
            )
            if isinstance(kind, str):
                yield status, kind


def test_every_kind_of_refusal_in_the_code_is_documented_with_its_status():
    folder = Path(bento_service.__file__).parent
    found = {refusal for file in folder.rglob("*.py") for refusal in refusals_in(file.read_text())}
    assert "invalid_input" in {kind for _, kind in found}
    assert len(found) > 5
    for status, kind in found:
        assert REFUSALS[kind][0] == status


def test_every_documented_kind_of_refusal_is_one_of_some_operation():
    told = {
        kind
        for operation in operations(GUARDED).values()
        for response in operation["responses"].values()
        if "allOf" in response["content"].get(JSON, {}).get("schema", {})
        for kind in response["content"][JSON]["schema"]["allOf"][1]["properties"]["error"][
            "properties"
        ]["type"]["enum"]
    }
    # These are about operations that are not there at all.
    assert set(REFUSALS) - told == {"method_not_allowed", "not_found"}


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.body], ids=lambda o: o.name
)
def test_examples_are_what_they_are_examples_of(operation):
    shape = operation.body.content[JSON]
    examples = [each["value"] for each in operation.body.examples[JSON].values()]
    assert examples
    if isinstance(shape, dict):
        examples = [passenger for example in examples for passenger in example["passengers"]]
        shape = Passenger
    for example in examples:
        shape.model_validate_json(json.dumps(example))


def test_bentoml_adds_what_is_missing_and_changes_nothing():
    theirs = {
        "openapi": "3.0.2",
        "info": {"title": "theirs"},
        "paths": {"/api/v1/predict": {"post": {}}, "/theirs": {"get": {}}},
        "components": {"schemas": {"Passenger": {}, "TaskStatusResponse": {"type": "object"}}},
    }
    both = merged(OPEN, theirs)
    assert both["paths"] == {**OPEN["paths"], "/theirs": {"get": {}}}
    schemas = OPEN["components"]["schemas"]
    assert both["components"]["schemas"] == {**schemas, "TaskStatusResponse": {"type": "object"}}
    assert {name: both[name] for name in ("openapi", "info", "tags")} == {
        name: OPEN[name] for name in ("openapi", "info", "tags")
    }


def test_every_route_is_documented():
    routes = Path(bento_service.__file__).parent / "routes"
    paths = {
        path
        for file in routes.glob("*.py")
        for path in re.findall(r'"(/(?:api/v1/[\w/]+|\w+z|metrics|docs\.json))"', file.read_text())
    }
    documented = {path.partition("{")[0] for path in GUARDED["paths"]}
    assert {"/api/v1/predict", "/api/v1/passengers/", "/livez"} <= paths
    assert paths <= documented
    assert documented - paths == {"/ui"}
