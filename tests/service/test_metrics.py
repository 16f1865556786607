"""What the service tells Prometheus: names, kinds, and what it does when telling fails."""

import math
import tempfile
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service.releases import publish
from tests.service.serving import wait_until

KINDS = {
    "titanic_requests": "counter",
    "titanic_errors": "counter",
    "titanic_rows_refused": "counter",
    "titanic_request_seconds": "histogram",
    "titanic_predictions": "counter",
    "titanic_probability": "histogram",
    "titanic_drift": "gauge",
    "titanic_drifted": "gauge",
    "titanic_drift_window_predictions": "gauge",
    "titanic_live_release": "gauge",
    "titanic_models_loaded": "gauge",
    "titanic_release_swaps": "counter",
    "titanic_releases_refused": "counter",
    "titanic_releases_behind": "gauge",
    "titanic_requests_in_flight": "gauge",
    "titanic_prediction_log_written": "counter",
    "titanic_prediction_log_dropped": "counter",
    "titanic_prediction_log_backlog": "gauge",
    "titanic_prediction_log_failing": "gauge",
    "titanic_rate_limit_storage_failing": "gauge",
    "titanic_token_keys_failing": "gauge",
    "titanic_worker_cpu_seconds": "counter",
    "titanic_worker_resident_bytes": "gauge",
}


def families(service):
    answer = service.client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def sample(family, name=None, **labels):
    [value] = [
        sample.value
        for sample in family.samples
        if sample.name == (name or sample.name) and labels.items() <= sample.labels.items()
    ]
    return value


@pytest.fixture
def told(service):
    service.predict(sex="female")
    assert service.predict(pclass=9).status_code == 422
    service.client.post("/api/v1/batch_predict", json={"passengers": [{"pclass": 9}]})
    return families(service)


def test_every_metric_has_its_name_kind_and_explanation(told):
    assert {name: told[name].type for name in KINDS} == KINDS
    assert all(told[name].documentation.endswith(".") for name in KINDS)


def test_what_is_live_and_how_the_process_fares_is_told(told):
    live = told["titanic_live_release"]
    assert sample(live, variant="champion", model_version="1") == 1
    assert sample(live, variant="challenger", model_version="2") == 1
    assert sample(told["titanic_models_loaded"]) == 2
    assert sample(told["titanic_releases_behind"]) == 0
    assert 20e6 < sample(told["titanic_worker_resident_bytes"], worker="0") < 2e9
    assert sample(told["titanic_worker_cpu_seconds"], worker="0") > 0
    assert {s.labels["field"] for s in told["titanic_drift"].samples} == {
        *("pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "probability")
    }


def test_refused_rows_of_batches_are_counted_by_their_kind(serve):
    service = serve()

    def refused(kind="invalid_input"):
        return service.metrics().get(f'titanic_rows_refused_total{{type="{kind}"}}', 0)

    post = service.client.post
    good, bad = {"pclass": 3, "sex": "male"}, {"pclass": 9, "sex": "male"}
    post("/api/v1/batch_predict", json={"passengers": [good, good]})
    assert refused() == 0
    post("/api/v1/batch_predict", json={"passengers": [good, bad, {"pclass": 3}]})
    assert refused() == 2
    post("/api/v1/batch_predict", json={"passengers": [bad] * 400})  # in a thread
    assert refused() == 402
    post(
        "/api/v1/batch_predict",
        content="pclass,sex\n3,male\n3,man\n",
        headers={"Content-Type": "text/csv"},
    )
    assert refused() == 403
    assert "titanic_errors_total" not in "".join(service.metrics())


def test_drift_is_told_of_a_full_window_only(serve, champion, challenger, tmp_path):
    folder = tmp_path / "releases"
    publish(folder, champion)
    service = serve(releases_uri=folder, drift_window=200)

    def known():
        metrics = service.metrics()
        values = [value for name, value in metrics.items() if name.startswith("titanic_drift{")]
        assert len(values) == 8
        drifted = {v for name, v in metrics.items() if name.startswith("titanic_drifted{")}
        assert drifted == {int(not math.isnan(values[0]))}
        return {not math.isnan(value) for value in values}

    most = {"passengers": [{"pclass": 3, "sex": "male", "age": 110}] * 199}
    service.client.post("/api/v1/batch_predict", json=most)
    assert known() == {False}
    service.predict()
    assert known() == {True}
    publish(folder, challenger)
    wait_until(lambda: service.predict().json()["model_version"] == "2")
    assert known() == {False}


def test_a_histogram_counts_what_was_within_its_bounds(told):
    seconds = told["titanic_request_seconds"]
    of_predict = [s for s in seconds.samples if s.labels.get("route") == "/api/v1/predict"]
    buckets = [s.value for s in of_predict if s.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    count = sample(seconds, "titanic_request_seconds_count", route="/api/v1/predict")
    assert buckets[-1] == count
    total = sample(seconds, "titanic_request_seconds_sum", route="/api/v1/predict")
    assert 0 < total < count * 2.5


def test_the_beat_outlives_a_failure_and_speaks_of_it_once(serve):
    service = serve()
    [folder] = Path(tempfile.gettempdir()).glob(f"titanic-service-*-{service.process.pid}-*")
    flags = folder / "drift-flags"
    flags.rename(folder / "elsewhere")
    wait_until(lambda: "telling the metrics failed" in service.log)
    for _ in range(3):
        assert service.predict().status_code == 200
    wait_until(lambda: service.client.get("/metrics").status_code == 500)
    (folder / "elsewhere").rename(flags)
    predictions = families(service)["titanic_predictions"]
    assert sample(predictions, outcome="died") == 3
    wait_until(lambda: sample(families(service)["titanic_drift_window_predictions"]) == 3)
    assert service.log.count("telling the metrics failed") == 1
