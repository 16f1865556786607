"""From the champion to the service that answers with it, as the graph does and shows it."""

import shutil

import dagster as dg
import pytest

from tests.releasing.conftest import Models
from tests.releasing.releases import PROVENANCE
from tests.service.serving import start_service
from titanic_assets.definitions import define
from titanic_assets.releasing import EVENTS_TAG
from titanic_assets.settings import Settings
from titanic_model.published import read_current
from titanic_model.release import read_release


class Serving:
    """A home with a registry, a service that follows it, and bundle_job."""

    def __init__(self, folder, fresh_store):
        mlflow = folder / "mlflow"
        mlflow.mkdir(parents=True)
        (mlflow / "mlflow.db").write_bytes(fresh_store.read_bytes())
        self.models = Models(mlflow)
        places = Settings(titanic_home=folder).places
        self.service = start_service(folder, wait=False, releases_uri=places.releases)
        self.settings = Settings(titanic_home=folder, api_url=self.service.url)
        self.job = define(self.settings).resolve_job_def("bundle_job")

    @property
    def releases(self):
        return self.settings.places.releases

    def run(self, *assets, tags=None):
        with dg.DagsterInstance.ephemeral() as instance:
            return self.job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                tags=tags,
                asset_selection=[dg.AssetKey(name) for name in assets] or None,
            )


@pytest.fixture(scope="module")
def serving(tmp_path_factory, fresh_store):
    serving = Serving(tmp_path_factory.mktemp("serving") / ".titanic", fresh_store)
    yield serving
    serving.service.stop()


@pytest.fixture(scope="module")
def first_run(serving):
    """The first champion bundled and live; the tests below go on from there."""
    serving.models.register(-1.0, alias="champion")
    return serving.run(tags={EVENTS_TAG: "a,b"})


def shown(run, asset):
    (event,) = [
        e for e in run.all_events if e.is_step_materialization and asset in str(e.asset_key)
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def check_of(run):
    (check,) = run.get_asset_check_evaluations()
    return check


def test_people_see_what_was_bundled_and_what_it_was_made_of(serving, first_run):
    seen = shown(first_run, "serving_bundle")

    assert seen["tag"].startswith("titanic_survival:1-")
    assert seen["version"] == 1
    assert seen["size"].endswith(" MB")
    assert "asked 12 golden passengers" in seen["proven"]
    release = read_release(serving.releases / read_current(serving.releases).champion)
    for label in (
        "| model_version | 1 |",
        f"| release_digest | {release.digest} |",
        f"| mlflow_run_id | {PROVENANCE.mlflow_run_id} |",
        f"| data_fingerprint | {PROVENANCE.data_fingerprint} |",
        f"| dagster_run_id | {PROVENANCE.dagster_run_id} |",
        f"| code_revision | {PROVENANCE.code_revision} |",
    ):
        assert label in seen["labels"]
    assert f"bentoml containerize {seen['tag']}" in seen["commands"]
    assert seen["in MLflow"].endswith(
        "/#/models/titanic-survival/versions/1?workflowType=machine_learning"
    )
    bundle = first_run.output_for_node("serving_bundle")
    assert bundle.events == ("a", "b")
    assert bundle.digest == release.model_digest


def test_it_is_live_when_the_service_answers_with_it(serving, first_run):
    assert first_run.success
    seen = shown(first_run, "live_release")
    assert seen["version"] == 1
    assert seen["challenger"] == "none"
    assert seen["service"] == f"{serving.service.url}/ui"
    assert check_of(first_run).passed
    assert serving.service.predict().json()["model_version"] == "1"


@pytest.mark.usefixtures("first_run")
def test_whoever_is_overtaken_leaves_what_is_live_and_the_run_green(serving):
    serving.run("serving_bundle")
    live = read_current(serving.releases)
    serving.models.register(-2.0, alias="champion")

    run = serving.run("live_release")

    assert run.success
    assert [event for event in run.all_events if event.is_step_materialization] == []
    assert not check_of(run).passed
    assert "version 2 has become champion" in check_of(run).description
    assert read_current(serving.releases) == live


@pytest.mark.usefixtures("first_run")
def test_what_another_try_would_not_mend_fails_at_once_with_what_to_do(serving):
    number = serving.models.register(-3.0, alias="champion")
    shutil.rmtree(serving.models.artifacts(number))

    run = serving.run()

    assert not run.success
    assert [event for event in run.all_events if event.is_step_up_for_retry] == []
    (failure,) = run.get_step_failure_events()
    assert "has no release/ among the artifacts" in str(failure.step_failure_data.error)
    assert serving.service.predict().json()["model_version"] == "1"
