"""A home whose service has answered, whose callers have told what became of the passengers."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bento_service.prediction_log.encoding import outcome_line, prediction_line
from tests.releasing.releases import a_release
from titanic_assets.monitoring.events.collecting import collect
from titanic_assets.settings import Settings
from titanic_assets.tracking.registry import RELEASE, Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_model.contract import Passenger
from titanic_model.reference import DRIFT_FIELDS, describe
from titanic_model.release import write_release

PROMISED = 0.79
HOUR = 3600.0


class Home:
    """A registry, and a service's log with what it said in the hours from now on."""

    def __init__(self, folder, migrated_store):
        self.settings = Settings(titanic_home=folder)
        places = self.settings.places
        places.mlflow.mkdir(parents=True)
        (places.mlflow / "mlflow.db").write_bytes(migrated_store.read_bytes())
        self.registry = Registry(self.settings.tracking_uri)
        self.registry.initialise(str(places.mlflow / "artifacts"))
        # After every registration, however slow the machine is.
        self.began = float(int(time.time()) + 600)
        self._lines = []
        self._segments = 0

    def register(self, bias, alias=None, accuracy=PROMISED):
        """A version that was right about so many of a thousand it had not seen."""
        client = self.registry.client
        run = client.create_run(self.registry.experiment).info.run_id
        release = a_release(bias=bias)
        passengers = {name: [None] * 1000 for name in DRIFT_FIELDS}
        release = replace(
            release,
            metadata=replace(
                release.metadata,
                figures={"accuracy_by_ticket": accuracy, "log_loss_by_ticket": 0.45},
            ),
            reference=describe(passengers, [0.5] * 1000),
        )
        place = write_release(release, self.settings.places.home / "made" / run / RELEASE)
        client.log_artifacts(run, str(place), RELEASE)
        made = client.create_model_version(
            MODEL_NAME, source=str(place), run_id=run, tags={"digest": release.model_digest}
        )
        if alias:
            self.registry.move_alias(alias, int(made.version))
        return int(made.version)

    def asked(
        self,
        version,
        probability,
        *,
        at=0.0,
        served=True,
        caller="me",
        named="r",
        passenger=None,
        way="predict",
    ):
        """Predictions by a version, a second after each other; `at` is in hours."""
        for number, chance in enumerate(probability):
            self._lines.append(
                prediction_line(
                    time=self.began + at * HOUR + number,
                    request_id=f"{named}-{number}",
                    trace_id="",
                    caller=caller(number) if callable(caller) else caller,
                    on_behalf_of="",
                    way=way,
                    passenger_id=None,
                    passenger=Passenger(
                        **{"pclass": 3, "sex": "male", **(passenger(number) if passenger else {})}
                    ),
                    variant="champion" if served else "challenger",
                    model_version=str(version),
                    probability=float(chance),
                    survived=bool(chance >= 0.5),
                    served=served,
                    latency_ms=1.0,
                )
            )

    def became(self, survived, *, at=0.0, caller="me", named="r"):
        """What callers say of these predictions, an hour later."""
        for number, each in enumerate(survived):
            moment = self.began + (at + 1) * HOUR + number
            who = caller(number) if callable(caller) else caller
            self._lines.append(outcome_line(moment, f"{named}-{number}", who, survived=bool(each)))

    def collect(self):
        """Everything so far becomes one closed segment, which is collected."""
        self._segments += 1
        begun = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(self.began))
        name = f"{begun}.{self._segments:06d}Z-host-0-{self._segments:08x}.jsonl"
        file = Path(self.settings.predictions, begun[:10], name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in self._lines))
        self._lines = []
        collect(self.settings)


@pytest.fixture
def home(tmp_path, migrated_store):
    return Home(tmp_path, migrated_store)


@pytest.fixture
def chance():
    return np.random.default_rng(7)
