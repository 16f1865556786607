"""What is answered where, by which method, and how a request is told from others."""

import json

import httpx
import pytest

from bento_service import answers
from tests.service.incoming.conftest import ORIGIN

PASSENGER = {"pclass": 3, "sex": "male", "age": 22}
NEVER_THERE = [
    "/nothing",
    "//api/v1/predict",
    "/api/v1",
    "/%ff%00",
    "/api/v1/mod%zz",
    "/api/v1/../x",
]


def error_of(answer):
    return answers.ErrorAnswer.model_validate(answer.json()).error


@pytest.mark.parametrize(
    ("path", "body", "shape"),
    [
        ("/api/v1/predict", PASSENGER, answers.Prediction),
        ("/api/v1/batch_predict", {"passengers": [PASSENGER, {}]}, answers.BatchPrediction),
        ("/api/v1/predict_all", PASSENGER, answers.EveryPrediction),
        ("/api/v1/explain", PASSENGER, answers.ExplainedPrediction),
        ("/api/v1/outcomes", {"request_id": "x", "survived": True}, answers.OutcomeNoted),
        ("/api/v1/model", None, answers.LiveModels),
        ("/api/v1/models", None, answers.KnownReleases),
        ("/api/v1/drift", None, answers.Drift),
        ("/api/v1/health", None, answers.Health),
        ("/api/v1/contract", None, answers.Contract),
    ],
)
def test_answers_have_their_documented_shape(service, path, body, shape):
    method = "GET" if body is None else "POST"
    answer = service.client.request(method, path, json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    shape.model_validate_json(answer.content)


@pytest.mark.parametrize("path", ["/livez", "/api/v1/model", "/ui", "/metrics", "/"])
def test_head_is_answered_as_get_is_but_without_the_body(service, path):
    whole, head = service.client.get(path), service.client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/predict", "POST"),
        ("HEAD", "/api/v1/predict", "POST"),
        ("DELETE", "/api/v1/model", "GET, HEAD"),
        ("OPTIONS", "/api/v1/predict", "POST"),
        ("POST", "/", "GET, HEAD"),
        ("PUT", "/schema.json", "GET, HEAD"),
        ("POST", "/ui", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_ones_there_are(service, method, path, allowed):
    answer = service.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    if method != "HEAD":
        assert error_of(answer).type == "method_not_allowed"


@pytest.mark.parametrize("path", NEVER_THERE)
def test_where_nothing_is_json_says_so(service, wire, path):
    said = wire(service).head(path, method="GET").hear()
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404")
    assert json.loads(body)["error"]["type"] == "not_found"


@pytest.mark.parametrize("path", ["/" + "a" * 500_000, "/\xff", "/livez?" + "a=1&" * 100_000])
def test_a_path_that_is_none_does_not_get_past_the_server(service, wire, path):
    said = wire(service).say(b"GET ", path.encode("latin-1")[:60_000])
    try:
        said.say(path.encode("latin-1")[60_000:], b" HTTP/1.1\r\nconnection: close\r\n\r\n")
        assert said.heard_status() == 400
    except ConnectionError:
        pass  # it hung up before the end
    assert service.client.get("/livez").status_code == 200


def test_a_slash_too_many_leads_to_the_route(service):
    answer = service.client.post("/api/v1/predict/", json=PASSENGER)
    assert answer.status_code == 308
    followed = service.client.post("/api/v1/predict/", json=PASSENGER, follow_redirects=True)
    assert followed.url.path == "/api/v1/predict"
    assert followed.status_code == 200


def test_a_slash_too_many_leads_nowhere_else(service):
    for path in ("/evil.example/", "//evil.example/", "/nothing/"):
        assert httpx.get(service.url + path, trust_env=False).status_code == 404


@pytest.mark.parametrize("fit", ["a", "A-b_c.9", "x" * 64])
def test_a_fit_request_id_is_kept(service, fit):
    answer = service.predict(headers={"X-Request-ID": fit})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == fit


@pytest.mark.parametrize("unfit", ["", "x" * 65, "a b", "a/b", 'a"b', "ä".encode(), "<b>"])
def test_an_unfit_request_id_is_replaced(service, unfit):
    answer = service.predict(headers={"X-Request-ID": unfit})
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == answer.json()["request_id"] != unfit


def test_made_request_ids_differ(service):
    assert len({service.predict().headers["x-request-id"] for _ in range(50)}) == 50


def test_refusals_have_the_request_id_too(service):
    answer = service.predict(pclass=4, headers={"X-Request-ID": "mine"})
    assert answer.headers["x-request-id"] == error_of(answer).request_id == "mine"


def test_pages_of_a_named_origin_may_call(strict):
    asking = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight = strict.client.options("/api/v1/predict", headers=asking)
    assert preflight.status_code == 204
    assert "content-length" not in preflight.headers
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = strict.predict(headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    refused = strict.predict(pclass=4, headers={"Origin": ORIGIN})
    assert refused.headers["access-control-allow-origin"] == ORIGIN


def test_pages_of_other_origins_may_not(strict):
    elsewhere = {"Origin": "https://evil.example"}
    asking = {**elsewhere, "Access-Control-Request-Method": "POST"}
    assert strict.client.options("/api/v1/predict", headers=asking).status_code == 403
    answer = strict.predict(headers=elsewhere)
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "origin"


def test_without_the_setting_no_origin_is_told_anything(service):
    answer = service.predict(headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]
