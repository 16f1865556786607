"""A home with a champion that was really trained, and a log of passengers drawn from the list."""

import time
from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pyarrow.parquet as pq
import pytest

from bento_service.prediction_log.encoding import outcome_line, prediction_line
from tests.model.conftest import passenger_rows
from tests.releasing.releases import a_release as by_hand
from tests.service.releases import a_release, packaged
from titanic_assets.monitoring.drift.making import DriftReporter, history_of
from titanic_assets.monitoring.drift.reference import ROWS, reference_rows
from titanic_assets.monitoring.events.collecting import collect
from titanic_assets.settings import Settings
from titanic_assets.tracking.registry import RELEASE, Registry
from titanic_assets.tracking.versions import MODEL_NAME
from titanic_assets.tracking.winner import log_files
from titanic_model.contract import Passenger
from titanic_model.features import derive_columns
from titanic_model.inputs import WAYS_TO_BE_UNKNOWN, known_of, without
from titanic_model.reference import DRIFT_FIELDS, describe
from titanic_model.release import write_release
from titanic_model.scorer import Scorer


@pytest.fixture(scope="session")
def everybody():
    """The packaged list: passengers, what became of them, and what the champion says of them."""
    people = [
        Passenger.model_validate_strings(
            {name: row[name] for name in (*DRIFT_FIELDS, "name", "cabin") if row[name] != ""}
        )
        for row in passenger_rows()
    ]
    survived = np.array([row["survived"] == "1" for row in passenger_rows()])
    return people, survived


@cache
def trained(bias=None):
    """A release, and what training keeps of its passengers; with a bias, of a model by hand.

    The models are too simple to need scores that are really unseen.
    """
    release = a_release() if bias is None else by_hand(bias=bias)
    known = known_of(packaged().matrix)
    scorer = Scorer(release.model)
    matrices = [packaged().matrix, *(without(known, names) for names in WAYS_TO_BE_UNKNOWN)]
    scores = [scorer.score(matrix).astype(np.float64) for matrix in matrices]
    reference = describe(known, *scores)
    return replace(release, reference=reference), reference_rows(packaged(), *scores)


@pytest.fixture(scope="session")
def champion():
    return trained()[0]


@pytest.fixture(scope="session")
def kept_rows():
    return trained()[1]


@pytest.fixture(scope="session")
def reference_table(kept_rows):
    return pq.read_table(BytesIO(kept_rows))


def scores_of(people, model):
    columns = {
        name: np.array([getattr(each, name) for each in people], object)
        for name in (*DRIFT_FIELDS, "name", "cabin")
    }
    for name in ("pclass", "age", "sibsp", "parch", "fare"):
        columns[name] = columns[name].astype(float)
    return Scorer(model).score(derive_columns(columns))


class Home:
    """A registry, and a service's log."""

    def __init__(self, folder, store):
        self.settings = Settings(titanic_home=folder)
        places = self.settings.places
        places.mlflow.mkdir(parents=True)
        (places.mlflow / "mlflow.db").write_bytes(store.read_bytes())
        self.registry = Registry(self.settings.tracking_uri)
        self.registry.initialise(str(places.mlflow / "artifacts"))
        self.models = {}
        self.said = []
        self._asked = 0
        self._segments = 0
        # Kept short of now: what is said to come later is not taken in.
        self.clock = 0.0

    def register(self, bias=None, alias="champion", *, rows=False):
        """A version with its release; an old one, without its passengers, so nothing is drawn."""
        client = self.registry.client
        run = client.create_run(self.registry.experiment).info.run_id
        release, kept = trained(bias)
        place = write_release(release, self.settings.places.home / "made" / run / RELEASE)
        client.log_artifacts(run, str(place), RELEASE)
        if rows:
            log_files(client, run, {ROWS: kept})
        made = client.create_model_version(
            MODEL_NAME, source=str(place), run_id=run, tags={"digest": release.model_digest}
        )
        self.models[int(made.version)] = release.model
        if alias:
            self.registry.move_alias(alias, int(made.version))
        self.clock = max(self.clock, made.creation_timestamp / 1000 + 0.001)
        return int(made.version)

    def ask(self, people, version=1, survived=None):
        """The service answers these passengers, and hears what became of them, if that is known."""
        lines = []
        scores = scores_of(people, self.models[version])
        for number, (passenger, score) in enumerate(zip(people, scores.tolist(), strict=True)):
            self._asked += 1
            self.clock += 1e-6
            lines.append(
                prediction_line(
                    time=self.clock, request_id=f"r-{self._asked}", trace_id="", caller="me",
                    on_behalf_of="", way="predict", passenger_id=None, passenger=passenger,
                    variant="champion", model_version=str(version), probability=score,
                    survived=score >= 0.5, served=True, latency_ms=1.0,
                )
            )  # fmt: skip
            if survived is not None:
                fate = bool(survived[number])
                lines.append(outcome_line(self.clock, f"r-{self._asked}", "me", survived=fate))
        self._segments += 1
        begun = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(self.clock))
        name = f"{begun}.{self._segments:06d}Z-host-0-{self._segments:08x}.jsonl"
        file = self.settings.places.prediction_log / begun[:10] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
        collect(self.settings)

    def report(self, now=None):
        """A report, without its pages but for what is asked for."""
        run = _Kept(self.registry)
        made = DriftReporter(self.settings, run, self.said.append, now or self.clock + 1).report()
        history_of(self.settings).add(made)
        self.pages = run.files
        return made


class _Kept:
    """Where pages go when no Dagster run is in progress."""

    def __init__(self, registry):
        self.registry = registry
        self.files = {}

    def log_files(self, files):
        self.files |= files

    def artifact_url(self, path):
        return f"http://mlflow/{path}"


@pytest.fixture
def home(tmp_path, migrated_store):
    return Home(tmp_path, migrated_store)


@pytest.fixture
def drawn(everybody):
    """So many passengers of the list, drawn at random, some of them changed."""

    def draw(many, seed=1, **changes):
        people, _ = everybody
        rows = np.random.default_rng(seed).integers(0, len(people), many)
        return [people[row].model_copy(update=changes) for row in rows]

    return draw
