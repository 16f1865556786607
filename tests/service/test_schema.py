"""The running service and its documentation: nothing breaks, nothing answers but as documented."""

import secrets
import time

import jwt
import pytest
import schemathesis
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error

from bento_service.openapi import document
from tests.service.documented import GUARDED, OPEN, a_little, ask_and_compare
from tests.service.serving import start_service

SECRET = secrets.token_urlsafe(48)

of_the_store = {"path_regex": r"/passengers|/features/"}
asked_openly = schemathesis.openapi.from_dict(OPEN)
asked_with_token = schemathesis.openapi.from_dict(GUARDED)


@asked_openly.exclude(**of_the_store).parametrize()
@a_little(max_examples=40)
def test_what_is_answered_is_documented(case, service):
    ask_and_compare(case, service)


@asked_openly.include(**of_the_store).parametrize()
@a_little(max_examples=20)
def test_without_a_feature_store_nothing_else_is_answered_than_that(case, service):
    answer = ask_and_compare(case, service, excluded_checks=[not_a_server_error])
    assert answer.status_code in (405, 503)


@pytest.fixture(scope="module")
def guarded(releases, tmp_path_factory):
    running = start_service(
        tmp_path_factory.mktemp("guarded"),
        releases_uri=releases,
        jwt_secret=SECRET,
        rate_limit="none",
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token():
    claims = {
        "sub": "tester",
        "aud": "titanic-survival",
        "scope": "predict admin",
        "exp": time.time() + 600,
    }
    return jwt.encode(claims, SECRET, "HS256")


@asked_with_token.exclude(**of_the_store).parametrize()
@a_little(max_examples=10)
def test_with_tokens_what_is_answered_is_documented(case, guarded, token):
    ask_and_compare(case, guarded, headers={"Authorization": f"Bearer {token}"})


def test_the_service_shows_its_documentation(service, guarded):
    served = service.client.get("/docs.json").json()
    validate(served)
    ours = document(served["info"]["version"], asks_for_tokens=False)
    assert {path: served["paths"][path] for path in ours["paths"]} == ours["paths"]
    assert "/api/v1/admin/reload" in guarded.client.get("/docs.json").json()["paths"]
