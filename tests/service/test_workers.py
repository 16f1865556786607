"""Two workers as one service: what they count, know and show together, also when one is killed."""

import re
import signal
from contextlib import ExitStack

import httpx
import numpy as np
import psutil
import pytest

from tests.model.conftest import passenger_rows
from tests.service.logged import events
from tests.service.serving import start_service, wait_until
from titanic_model.events import OutcomeEvent

WINDOW = 200
USUAL = [
    {"pclass": 3, "sex": "male", "age": 22, "fare": 7.25, "embarked": "S"},
    {"pclass": 1, "sex": "female", "age": 38, "fare": 71.28, "embarked": "C"},
]
STRANGE = {"pclass": 1, "sex": "male", "age": 110, "fare": 1900}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("log")


@pytest.fixture(scope="module")
def pair(releases, folder, tmp_path_factory):
    running = start_service(
        tmp_path_factory.mktemp("service"),
        workers=2,
        releases_uri=releases,
        drift_window=WINDOW,
        prediction_log_uri=folder,
    )
    yield running
    running.stop()


@pytest.fixture
def each_worker(pair):
    """A client for each of the two, over a connection that stays with it."""
    with ExitStack() as stack:
        clients = {}

        def both():
            client = stack.enter_context(
                httpx.Client(base_url=pair.url, timeout=30, trust_env=False)
            )
            answer = client.get("/livez")
            # The first half of the ids that it makes is a worker's own.
            clients.setdefault(answer.headers["X-Request-ID"][:16], client)
            return len(clients) == 2

        wait_until(both, what="only one worker ever answered")
        yield list(clients.values())


def predict(client, passenger):
    answer = client.post("/api/v1/predict", json=passenger)
    assert answer.status_code == 200, answer.text
    return answer.json()


def metrics_of(client):
    lines = client.get("/metrics").text.splitlines()
    values = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in values}


def total(metrics, name, **labels):
    """The sum over all series of that name which have these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return sum(
        value
        for series, value in metrics.items()
        if re.fullmatch(rf"{name}({{.*}})?", series) and all(each in series for each in wanted)
    )


PREDICT = {"route": "/api/v1/predict"}


def counts(metrics):
    return {
        "requests": total(metrics, "titanic_requests_total", **PREDICT),
        "seconds": total(metrics, "titanic_request_seconds_count", **PREDICT),
        "bucket": total(metrics, "titanic_request_seconds_bucket", **PREDICT, le="+Inf"),
        "predictions": total(metrics, "titanic_predictions_total", variant="champion"),
        "probabilities": total(metrics, "titanic_probability_count", variant="champion"),
    }


def exact(each_worker):
    """The metrics when all workers have put down what they counted: who is asked does."""
    return [metrics_of(client) for client in each_worker][-1]


def test_requests_to_both_add_up(each_worker):
    before = exact(each_worker)
    answers = [predict(client, USUAL[number % 2]) for client in each_worker for number in range(30)]
    batch = {"passengers": USUAL * 60}  # long enough for a thread
    rows = each_worker[1].post("/api/v1/batch_predict", json=batch).json()["predictions"]
    after = exact(each_worker)
    was, now = counts(before), counts(after)
    assert {name: now[name] - was[name] for name in now} == {
        "requests": 60,
        "seconds": 60,
        "bucket": 60,
        "predictions": 180,
        "probabilities": 180,
    }
    name = "titanic_probability_sum"
    assert total(after, name) - total(before, name) == pytest.approx(
        sum(answer["probability"] for answer in (*answers, *rows)), abs=1e-3
    )
    below_half = total(after, "titanic_probability_bucket", variant="champion", le="0.5")
    assert below_half == total(after, "titanic_predictions_total", outcome="died")


def test_others_see_what_a_worker_counts_in_a_moment(each_worker):
    one, other = each_worker
    before = counts(exact(each_worker))["requests"]
    predict(one, USUAL[0])
    wait_until(lambda: counts(metrics_of(other))["requests"] == before + 1)


def test_refusals_are_counted_by_their_kind(each_worker):
    before = exact(each_worker)
    for client in each_worker:
        assert client.post("/api/v1/predict", json={"pclass": 9}).status_code == 422
        assert client.get("/nowhere").status_code == 404
    after = exact(each_worker)

    def more(name, **labels):
        return total(after, name, **labels) - total(before, name, **labels)

    assert more("titanic_errors_total", type="invalid_input") == 2
    assert more("titanic_errors_total", type="not_found") == 2
    assert more("titanic_requests_total", **PREDICT, status=422) == 2
    assert more("titanic_requests_total", route="other", status=404) == 2


def test_what_one_predicted_the_other_hears_the_outcome_of(pair, each_worker, folder):
    one, other = each_worker
    right, wrong = (predict(one, passenger) for passenger in USUAL)
    for answer, came_true in ((right, True), (wrong, False)):
        outcome = {
            "request_id": answer["request_id"],
            "survived": answer["survived"] == came_true,
        }
        said = other.post("/api/v1/outcomes", json=outcome).json()
        assert said["known"]
        assert one.post("/api/v1/outcomes", json=outcome).json()["repeated"]
        contradiction = one.post(
            "/api/v1/outcomes", json={**outcome, "survived": not outcome["survived"]}
        )
        assert contradiction.status_code == 409
    metrics = pair.metrics()
    assert metrics["titanic_rolling_accuracy"] == 0.5
    assert metrics["titanic_rolling_outcomes"] == 2
    chances = [right["probability"], wrong["probability"]]
    came_true = [right["survived"], not wrong["survived"]]
    off = [chance - survived for chance, survived in zip(chances, came_true, strict=True)]
    assert metrics["titanic_rolling_calibration_error"] == pytest.approx(sum(off) / 2, abs=0.005)
    squared = sum(each**2 for each in off) / 2
    assert metrics["titanic_rolling_brier"] == pytest.approx(squared, abs=0.005)

    def logged():
        return [e.request_id for e in events(folder) if isinstance(e, OutcomeEvent)]

    wait_until(lambda: logged() == [right["request_id"], wrong["request_id"]])


def usual_passengers():
    people = [
        {
            "pclass": int(row["pclass"]),
            "sex": row["sex"],
            "sibsp": int(row["sibsp"]),
            "parch": int(row["parch"]),
            "age": float(row["age"]) if row["age"] else None,
            "fare": float(row["fare"]) if row["fare"] else None,
            "embarked": row["embarked"] or None,
        }
        for row in passenger_rows()
    ]
    np.random.default_rng(1).shuffle(people)  # the list is sorted by class
    return people[:WINDOW]


def drifted(client):
    drift = client.get("/api/v1/drift").json()
    assert drift["full"]
    return [name for name, field in drift["fields"].items() if field["drifted"]]


def fill_window(client, passengers):
    client.post("/api/v1/batch_predict", json={"passengers": passengers}).raise_for_status()


def test_strange_passengers_are_told_once_wherever_they_came(pair, each_worker):
    one, other = each_worker
    for client in each_worker:
        fill_window(client, usual_passengers())
    wait_until(lambda: drifted(other) == [] and drifted(one) == [])
    before = total(pair.metrics(), "drift_detected_total", field="age")
    for client in each_worker:
        fill_window(client, [STRANGE] * (WINDOW // 2))
    wait_until(lambda: pair.metrics()['titanic_drift{field="age"}'] > 0.2)
    wait_until(lambda: total(pair.metrics(), "drift_detected_total", field="age") > before)
    assert {"age", "fare"} <= set(drifted(one))
    drift = one.get("/api/v1/drift").json()
    assert drift["predictions"] == drift["window"] == WINDOW
    assert sum(bin_["window"] for bin_ in drift["fields"]["age"]["bins"]) == WINDOW
    after = total(pair.metrics(), "drift_detected_total", field="age")
    other.get("/metrics")
    assert total(pair.metrics(), "drift_detected_total", field="age") == after


def test_a_killed_workers_counts_and_window_go_on_in_its_successor(pair, each_worker):
    for client in each_worker:
        for _ in range(20):
            predict(client, USUAL[0])
    fill_window(each_worker[0], [STRANGE] * WINDOW)
    metrics = exact(each_worker)  # put down it outlives its worker
    before, detected = counts(metrics), total(metrics, "drift_detected_total", field="age")
    assert detected >= 1

    victim = pair.workers()[0]
    victim.send_signal(signal.SIGKILL)
    psutil.wait_procs([victim], 10)
    wait_until(lambda: _both_answer(pair), 30)

    metrics = pair.metrics()
    assert counts(metrics) == before
    seats = sorted(name for name in metrics if name.startswith("titanic_worker_resident_bytes"))
    assert seats == [f'titanic_worker_resident_bytes{{worker="{seat}"}}' for seat in (0, 1)]
    assert metrics["titanic_models_loaded"] == 2
    assert metrics["titanic_requests_in_flight"] <= 2
    drift = pair.client.get("/api/v1/drift").json()
    assert drift["full"]
    assert drift["fields"]["age"]["drifted"]
    assert total(pair.metrics(), "drift_detected_total", field="age") == detected
    for _ in range(10):
        pair.predict()
    wait_until(lambda: counts(pair.metrics())["requests"] == before["requests"] + 10)


def _both_answer(pair):
    workers = set()
    for _ in range(20):
        try:
            answer = httpx.get(f"{pair.url}/readyz", trust_env=False)
        except httpx.TransportError:
            return False
        if answer.status_code != 200:
            return False
        workers.add(answer.headers["X-Request-ID"][:16])
    return len(workers) == 2
