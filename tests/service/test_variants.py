"""Champion and challenger: who answers whom, who scores along, and what is logged of each."""

import pytest

from tests.service.feature_server import PASSENGERS, feature_server
from tests.service.live.breaking import failing_for_fifteen_siblings, make_live
from tests.service.logged import events_of
from tests.service.releases import publish
from tests.service.serving import start_service, wait_until
from titanic_model.contract import Passenger

WOMAN, MAN = {"pclass": 1, "sex": "female", "age": 38.0}, {"pclass": 3, "sex": "male"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def features_url():
    with feature_server() as url:
        yield url


@pytest.fixture(scope="module")
def shadowing(champion, challenger, features_url, tmp_path_factory):
    """A service whose challenger scores along, on a folder of releases that tests change."""
    folder = tmp_path_factory.mktemp("releases")
    log = tmp_path_factory.mktemp("log")
    publish(folder, champion, challenger)
    running = start_service(
        tmp_path_factory.mktemp("service"),
        releases_uri=folder,
        challenger_mode="shadow",
        prediction_log_uri=log,
        features_url=features_url,
    )
    running.folder, running.events_of = folder, lambda *asked: events_of(log, *asked)
    yield running
    running.stop()


def challenger_of(service):
    challenger = service.client.get("/api/v1/model").json()["challenger"]
    return challenger and challenger["version"]


@pytest.fixture
def with_challenger(shadowing, champion, challenger):
    publish(shadowing.folder, champion, challenger)
    wait_until(lambda: challenger_of(shadowing) == "2")
    return shadowing


def told(events):
    return [(event.variant, event.model_version, event.served) for event in events]


BOTH = [("champion", "1", True), ("challenger", "2", False)]


def ask(service, path, content, request_id):
    headers = {"X-Request-ID": request_id, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = service.client.post(f"/api/v1/{path}", json=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("way", ["predict", "explain"])
def test_the_champion_answers_and_both_are_logged(with_challenger, way):
    answer = ask(with_challenger, way, WOMAN, f"shadow-{way}")
    assert (answer["variant"], answer["model_version"]) == ("champion", "1")
    events = with_challenger.events_of(f"shadow-{way}", 2)
    assert told(events) == BOTH
    for event in events:
        assert event.way == way
        assert event.trace_id == TRACE
        assert event.input == Passenger(**WOMAN)
        assert event.passenger_id is None
        assert event.caller
        assert 0 < event.latency_ms < 5000
        assert event.survived == (event.probability >= 0.5)
    assert events[0].probability == pytest.approx(answer["probability"], abs=1e-6)
    assert events[1].probability != events[0].probability


def test_of_a_batch_each_good_row_is_logged_under_its_number(with_challenger):
    rows = [WOMAN, {"pclass": 9, "sex": "male"}, MAN]
    answer = ask(with_challenger, "batch_predict", {"passengers": rows}, "shadow-batch")
    assert "error" in answer["predictions"][1]
    assert {row.get("variant", "champion") for row in answer["predictions"]} == {"champion"}
    events = with_challenger.events_of("shadow-batch", 4)
    assert sorted((e.request_id, e.variant, e.served) for e in events) == [
        ("shadow-batch.0", "challenger", False),
        ("shadow-batch.0", "champion", True),
        ("shadow-batch.2", "challenger", False),
        ("shadow-batch.2", "champion", True),
    ]
    by_row = {e.request_id: e for e in events if e.served}
    assert by_row["shadow-batch.2"].input == Passenger(**MAN)
    assert by_row["shadow-batch.2"].probability == pytest.approx(
        answer["predictions"][2]["probability"], abs=1e-6
    )
    assert {e.way for e in events} == {"batch_predict"}
    assert {e.trace_id for e in events} == {TRACE}


def test_predict_all_shows_both_and_logs_both_as_seen(with_challenger):
    answer = ask(with_challenger, "predict_all", WOMAN, "shadow-all")
    shown = [(p["variant"], p["model_version"]) for p in answer["predictions"]]
    assert shown == [("champion", "1"), ("challenger", "2")]
    events = with_challenger.events_of("shadow-all", 2)
    assert told(events) == [("champion", "1", True), ("challenger", "2", True)]
    assert [e.probability for e in events] == pytest.approx(
        [p["probability"] for p in answer["predictions"]], abs=1e-6
    )


def test_passengers_by_id_are_logged_with_their_ids(with_challenger):
    answer = with_challenger.client.get(
        "/api/v1/passengers?ids=3,1", headers={"X-Request-ID": "shadow-ids"}
    ).json()
    assert [p["variant"] for p in answer["predictions"]] == ["champion", "champion"]
    events = with_challenger.events_of("shadow-ids", 4)
    assert {(e.request_id, e.passenger_id) for e in events} == {
        ("shadow-ids.0", 3),
        ("shadow-ids.1", 1),
    }
    assert told(events[:2]) == told(events[2:]) == BOTH
    assert {e.way for e in events} == {"passenger"}
    assert events[0].input == Passenger(**PASSENGERS[3])
    alone = with_challenger.predict(**PASSENGERS[3]).json()
    assert events[0].probability == pytest.approx(alone["probability"], abs=1e-6)


def test_a_challenger_comes_and_goes_while_the_service_runs(shadowing, champion, challenger):
    publish(shadowing.folder, champion)
    wait_until(lambda: challenger_of(shadowing) is None)
    ask(shadowing, "predict", WOMAN, "without")
    assert told(shadowing.events_of("without", 1)) == BOTH[:1]
    assert len(ask(shadowing, "predict_all", WOMAN, "alone")["predictions"]) == 1
    publish(shadowing.folder, champion, challenger)
    wait_until(lambda: challenger_of(shadowing) == "2")
    ask(shadowing, "predict", WOMAN, "with")
    assert told(shadowing.events_of("with", 2)) == BOTH


def test_a_challenger_that_fails_costs_nobody_an_answer(shadowing, champion):
    make_live(shadowing.folder, champion, failing_for_fifteen_siblings(champion, "6"))
    wait_until(lambda: challenger_of(shadowing) == "6")
    for number in range(3):
        assert ask(shadowing, "predict", {**MAN, "sibsp": 15}, f"bad-{number}")["variant"] == (
            "champion"
        )
    batch = {"passengers": [MAN, {**MAN, "sibsp": 15}]}
    assert len(ask(shadowing, "batch_predict", batch, "bad-batch")["predictions"]) == 2
    assert told(shadowing.events_of("bad-2", 1)) == BOTH[:1]
    ask(shadowing, "predict", MAN, "good")
    assert told(shadowing.events_of("good", 2))[1] == ("challenger", "6", False)
    assert shadowing.metrics()['titanic_shadow_failures_total{model_version="6"}'] == 4
    assert shadowing.log.count("the challenger fails in shadow") == 1


def test_with_variants_off_only_the_champion_is_asked(service):
    answer = service.predict(sex="female").json()
    assert (answer["variant"], answer["model_version"]) == ("champion", "1")
    every = service.client.post("/api/v1/predict_all", json=WOMAN).json()["predictions"]
    assert [prediction["variant"] for prediction in every] == ["champion", "challenger"]


@pytest.mark.parametrize("named", ["x" * 129, "two\tcolumns"])
@pytest.mark.parametrize("path", ["predict", "explain", "predict_all", "batch_predict"])
def test_an_odd_caller_key_is_refused_in_whichever_mode(service, path, named):
    content = {"passengers": [WOMAN, {}]} if path == "batch_predict" else WOMAN
    answer = service.client.post(f"/api/v1/{path}", json=content, headers={"X-Caller-Key": named})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "X-Caller-Key"


def test_for_whom_a_backend_asked_is_logged_whatever_the_mode(with_challenger):
    for path, content, count in (
        ("predict", WOMAN, 2),
        ("predict_all", WOMAN, 2),
        ("batch_predict", {"passengers": [WOMAN, MAN]}, 4),
    ):
        headers = {"X-Caller-Key": "person 7", "X-Request-ID": f"for-{path}"}
        with_challenger.client.post(f"/api/v1/{path}", json=content, headers=headers)
        events = with_challenger.events_of(f"for-{path}", count)
        assert {(e.caller, e.on_behalf_of) for e in events} == {("127.0.0.1", "person 7")}
    ask(with_challenger, "predict", WOMAN, "for-nobody")
    assert {e.on_behalf_of for e in with_challenger.events_of("for-nobody", 2)} == {""}


def test_whom_the_challenger_answers_is_watched_for_drift_like_others(serve):
    service = serve(challenger_mode="split", challenger_share=1)
    batch = {"passengers": [WOMAN, MAN]}
    assert service.client.post("/api/v1/batch_predict", json=batch).json()["variant"] == (
        "challenger"
    )
    service.predict()
    service.client.post("/api/v1/predict_all", json=WOMAN)
    drift = service.client.get("/api/v1/drift").json()
    assert drift["predictions"] == 4
    counts = {
        name: sum(each["window"] for each in field["bins"])
        for name, field in drift["fields"].items()
    }
    # Of the scores only what the champion said to predict_all is the champion's.
    assert counts.pop("probability") == 1
    assert set(counts.values()) == {4}
    assert service.log.count("the split goes by address") == 1


def answered_by(service, keys):
    return {key: service.predict(headers={"X-Caller-Key": key}).json()["variant"] for key in keys}


def test_a_split_sticks_to_callers_and_gives_the_challenger_its_share(
    serve, champion, challenger, features_url, tmp_path
):
    folder, log = tmp_path / "releases", tmp_path / "log"
    publish(folder, champion, challenger)
    settings = {
        "releases_uri": folder,
        "challenger_mode": "split",
        "challenger_share": 0.3,
        "prediction_log_uri": log,
        "features_url": features_url,
    }
    service = serve(**settings)
    keys = [f"backend-user-{number}" for number in range(2000)]
    variants = answered_by(service, keys)
    share = list(variants.values()).count("challenger") / len(keys)
    assert share == pytest.approx(0.3, abs=0.04)
    assert answered_by(service, keys[:50]) == {key: variants[key] for key in keys[:50]}

    theirs = next(key for key, variant in variants.items() if variant == "challenger")
    headers = {"X-Caller-Key": theirs, "X-Request-ID": "split"}
    many = {"passengers": [WOMAN, MAN]}
    batch = service.client.post("/api/v1/batch_predict", json=many, headers=headers).json()
    assert batch["model_version"] == "2"
    events = events_of(log, "split", 2)
    assert told(events) == [("challenger", "2", True)] * 2
    assert {event.on_behalf_of for event in events} == {theirs}
    by_id = service.client.get("/api/v1/passengers/1", headers={"X-Caller-Key": theirs}).json()
    explained = service.client.post("/api/v1/explain", json=WOMAN, headers=headers).json()
    assert by_id["variant"] == explained["variant"] == "challenger"

    publish(folder, champion)
    wait_until(lambda: challenger_of(service) is None)
    assert answered_by(service, [theirs]) == {theirs: "champion"}
    publish(folder, champion, challenger)
    service.stop()

    again = serve(**settings)
    assert answered_by(again, keys[:300]) == {key: variants[key] for key in keys[:300]}
