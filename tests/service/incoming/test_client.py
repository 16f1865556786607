"""BentoML's own ways of calling: its clients, and within the process."""

import asyncio
import os
import subprocess
import sys

import bentoml
import pytest
from bentoml.exceptions import BentoMLException

from bento_service import answers
from tests.service.serving import CHECKOUT

PASSENGER = {"pclass": 1, "sex": "female", "age": 38.0}
CALLS = [
    ("predict", PASSENGER, answers.Prediction),
    ("batch_predict", {"passengers": [PASSENGER, PASSENGER]}, answers.BatchPrediction),
    ("predict_all", PASSENGER, answers.EveryPrediction),
    ("explain", PASSENGER, answers.ExplainedPrediction),
    ("outcomes", {"request_id": "by-client", "survived": True}, answers.OutcomeNoted),
]
IN_PROCESS = """
import asyncio
from bento_service.service import TitanicSurvival
from titanic_model.contract import Passenger
service = TitanicSurvival()
lady = Passenger(pclass=1, sex="female")
first = asyncio.run(service.predict(lady))
again = asyncio.run(service.explain(lady))
assert first.probability == again.probability, (first, again)
print(first.probability, first.model_version)
"""


@pytest.fixture(scope="module")
def client(service):
    with bentoml.SyncHTTPClient(service.url) as client:
        yield client
    client._temp_dir.cleanup()  # BentoML 1.4.39 leaves it for the collector, which warns


@pytest.mark.parametrize(("method", "content", "shape"), CALLS)
def test_each_method_can_be_called(client, method, content, shape):
    shape.model_validate(getattr(client, method)(content))


def test_a_refusal_reaches_the_client_in_our_words(client):
    with pytest.raises(BentoMLException, match="pclass is 4; allowed is") as refused:
        client.predict({"pclass": 4, "sex": "male"})
    assert refused.value.error_code == 422


def test_methods_can_be_called_without_blocking(service):
    async def ask():
        async with bentoml.AsyncHTTPClient(service.url) as client:
            said = await asyncio.gather(*(client.predict(PASSENGER) for _ in range(5)))
        client._temp_dir.cleanup()
        return said

    said = asyncio.run(ask())
    assert len({answer["probability"] for answer in said}) == 1


def test_the_service_can_be_called_without_a_server(service, releases, tmp_path):
    environment = {**os.environ, "RELEASES_URI": str(releases), "BENTOML_HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", IN_PROCESS],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    probability, version = said.stdout.split()
    alone = service.predict(pclass=1, sex="female").json()
    assert float(probability) == pytest.approx(alone["probability"], abs=1e-6)
    assert version == "1"
