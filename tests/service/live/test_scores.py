"""Probabilities have as many digits as are shown, alone and in a batch alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bento_service.live.models import LoadedModel
from tests.service.live.breaking import answering_always, make_live
from titanic_model.scorer import UnusableModel

PROBABILITIES = st.floats(0, 1, width=32)


class Saying:
    """Stands for a model: says what it is given."""

    def score(self, matrix):
        return matrix[:, 0]


SAYING = LoadedModel("1-0123456789ab", "champion", None, Saying())


@given(arrays(np.float32, st.integers(1, 50), elements=PROBABILITIES))
def test_one_gets_what_it_gets_in_a_batch(values):
    together = SAYING.score(values[:, None])
    assert together.tolist() == [SAYING.score_one(value[None]) for value in values]
    assert together.tolist() == [float(f"{score:.6f}") for score in together]
    assert np.abs(together - values).max() <= 0.5000001e-6


@pytest.mark.parametrize(
    ("said", "shown"), [(0.49999997, 0.5), (0.4999994, 0.499999), (0, 0), (1, 1)]
)
def test_what_is_shown_is_what_is_judged(said, shown):
    assert SAYING.score_one(np.array([said], np.float32)) == shown


@pytest.mark.parametrize("said", [np.nan, np.inf])
def test_what_is_no_number_is_a_failure_alone_and_in_a_batch(said):
    with pytest.raises((ValueError, OverflowError)):
        SAYING.score_one(np.array([said], np.float32))
    with pytest.raises(UnusableModel, match="1-0123456789ab says what is no number"):
        SAYING.score(np.array([[0.5], [said]], np.float32))


def test_just_under_one_half_is_one_half_everywhere(serve, champion, tmp_path):
    release = answering_always(champion, "3", 0.49999997)
    assert release.golden[0].probability < 0.5
    make_live(tmp_path / "own", release)
    service = serve(releases_uri=tmp_path / "own")
    passenger = {"pclass": 3, "sex": "male"}
    post = service.client.post
    alone = [post(f"/api/v1/{path}", json=passenger).json() for path in ("predict", "explain")]
    every = post("/api/v1/predict_all", json=passenger).json()["predictions"]
    batch = post("/api/v1/batch_predict", json={"passengers": [passenger]}).json()["predictions"]
    for answer in (*alone, *every, *batch):
        assert (answer["survived"], answer["probability"]) == (True, 0.5)
    metrics = service.metrics()
    labels = 'model_version="3",outcome="survived",variant="champion"'
    assert metrics[f"titanic_predictions_total{{{labels}}}"] == 4
    bins = service.client.get("/api/v1/drift").json()["fields"]["probability"]["bins"]
    assert {each["label"]: each["window"] for each in bins}["0.5 to 0.6"] == 4
    outcome = {"request_id": alone[0]["request_id"], "survived": True}
    post("/api/v1/outcomes", json=outcome).raise_for_status()
    assert service.metrics()["titanic_rolling_accuracy"] == 1
