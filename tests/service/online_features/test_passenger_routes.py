"""The routes by passenger id, over a real store; `score` is one that shows what it was given."""

import json

import pytest

from bento_service.http import Refused, Request
from bento_service.routes.passengers import PassengerRoutes
from titanic_model.features import FEATURES


def a_request(path, query="", headers=()):
    scope = {"method": "GET", "path": path, "query_string": query.encode(), "headers": headers}
    return Request(scope, receive=None, request_id="r-1")


class Scoring:
    """Notes whom it is asked to score."""

    def __init__(self):
        self.scored = []

    def __call__(self, _request, passenger, vector, number, request_id):
        self.scored.append(number)
        assert vector[FEATURES.index("pclass")] == passenger.pclass
        return {"survived": passenger.sex == "female", "request_id": request_id}


@pytest.fixture
def scoring():
    return Scoring()


@pytest.fixture
def refused():
    """The kinds of what was counted as refused, list by list."""
    return []


@pytest.fixture
def ask(run, client, scoring, refused):
    def count_refused(verdicts):
        refused.append([each.kind for each in verdicts if isinstance(each, Refused)])

    routes = PassengerRoutes(client, scoring, count_refused)

    def one(text):
        return json.loads(run(routes.one(a_request(f"/api/v1/passengers/{text}"))).body)

    def several(query):
        return json.loads(run(routes.several(a_request("/api/v1/passengers", query))).body)

    def on_behalf(named, query):
        request = a_request("/api/v1/passengers", query, [(b"x-caller-key", named)])
        return run(routes.several(request))

    one.several, one.on_behalf = several, on_behalf
    one.status = lambda: json.loads(run(routes.status(a_request("/api/v1/features/status"))).body)
    return one


def test_a_known_passenger_is_predicted(ask):
    assert ask("1") == {"passenger_id": 1, "survived": True, "request_id": "r-1"}


def test_an_unknown_passenger_is_404(ask):
    with pytest.raises(Refused, match="id 99999") as refused:
        ask("99999")
    assert (refused.value.status, refused.value.kind) == (404, "unknown_passenger")


@pytest.mark.parametrize(
    "text", ["0", "-1", "+1", "1.0", "1e3", "", "abc", "1/2", "٣", "²", str(2**63), "9" * 5_000]
)
def test_what_is_no_id_is_422(ask, text):
    with pytest.raises(Refused, match="whole numbers from 1 to 9223372036854775807") as refused:
        ask(text)
    assert (refused.value.status, refused.value.field) == (422, "passenger_id")
    assert len(refused.value.message) < 200


def test_the_largest_id_is_one(ask):
    with pytest.raises(Refused) as refused:
        ask(str(2**63 - 1))
    assert refused.value.status == 404


def test_many_are_answered_in_order_and_errors_stay_in_their_place(ask, scoring, refused):
    answer = ask.several("ids=2,abc,99999,%201%20,2,")

    assert answer["request_id"] == "r-1"
    first, wrong, unknown, second, again, empty = answer["predictions"]
    assert (first["passenger_id"], first["request_id"]) == (2, "r-1.0")
    assert wrong["passenger_id"] == "abc"
    assert (wrong["error"]["type"], wrong["error"]["field"]) == ("invalid_input", "ids")
    assert unknown["passenger_id"] == 99999
    assert unknown["error"]["type"] == "unknown_passenger"
    assert (second["passenger_id"], second["request_id"]) == (1, "r-1.3")
    assert again == first
    assert empty["error"]["type"] == "invalid_input"
    assert scoring.scored == [2, 1]
    assert refused == [["invalid_input", "unknown_passenger", "invalid_input"]]


@pytest.mark.parametrize("query", ["ids=1", "ids=99999", "ids=abc"])
def test_an_odd_caller_key_is_refused_whoever_is_asked_for(ask, query):
    with pytest.raises(Refused, match="X-Caller-Key"):
        ask.on_behalf(b"x" * 129, query)


def test_a_hundred_are_answered_and_one_more_is_not(ask):
    hundred = ",".join(map(str, range(1, 101)))
    assert len(ask.several(f"ids={hundred}")["predictions"]) == 100
    for query in (f"ids={hundred},101", f"ids={hundred}&ids=101"):
        with pytest.raises(Refused, match="At most 100") as refused:
            ask.several(query)
        assert (refused.value.status, refused.value.field) == (422, "ids")


@pytest.mark.parametrize("query", ["", "ids=", "id=1"])
def test_nobody_asked_for_is_422(ask, query):
    with pytest.raises(Refused, match="ids=1,2,3") as refused:
        ask.several(query)
    assert refused.value.status == 422


def test_the_status_is_shown(ask):
    status = ask.status()
    assert status.keys() == {"reachable", "rows", "age_seconds", "feature_version", "problem"}
    assert status["reachable"]


def test_without_a_store_the_setting_is_named(run, scoring):
    routes = PassengerRoutes(None, scoring, list)
    for route, path in (
        (routes.one, "/api/v1/passengers/1"),
        (routes.several, "/api/v1/passengers"),
        (routes.status, "/api/v1/features/status"),
    ):
        with pytest.raises(Refused, match="FEATURES_URL") as refused:
            run(route(a_request(path, "ids=1")))
        assert (refused.value.status, refused.value.kind) == (503, "features_unavailable")
