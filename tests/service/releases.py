"""Real releases of two different models, trained quickly and published as the graph does it."""

from dataclasses import replace
from functools import cache

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.model.conftest import features_table, passenger_rows
from titanic_model.golden import golden_rows
from titanic_model.inputs import known_of
from titanic_model.onnx_export import export
from titanic_model.published import Current, publish_release, write_current
from titanic_model.reference import describe
from titanic_model.release import Provenance, Release, ReleaseMetadata
from titanic_model.scorer import Scorer
from titanic_model.training_data import TrainingData

PIPELINES = {
    "logistic": lambda: make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression(C=0.3, max_iter=1000)
    ),
    "gradient_boosting": lambda: make_pipeline(
        HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=1)
    ),
}


@cache
def packaged():
    return TrainingData.from_table(features_table(passenger_rows())).training_part


@cache
def a_release(version="1", family="logistic"):
    """A release of that version; the model is the same for the same family."""
    data = packaged()
    pipeline = PIPELINES[family]().fit(data.matrix, data.survived)
    model = export(pipeline, data.matrix.shape[1])
    scorer = Scorer(model)
    return Release(
        model=model,
        metadata=ReleaseMetadata(
            version=version,
            family=family,
            parameters={"C": 0.3} if family == "logistic" else {"max_iter": 60},
            imbalance="none",
            figures={"accuracy": 0.8, "log_loss": 0.45},
            provenance=Provenance(
                data_fingerprint="d" * 64,
                code_revision="abc1234",
                dagster_run_id="dagster-run",
                mlflow_run_id="mlflow-run",
            ),
        ),
        reference=describe(known_of(data.matrix), scorer.score(data.matrix)),
        golden=golden_rows(scorer),
    )


def of_version(release, version):
    """The same release under another number."""
    return replace(release, metadata=replace(release.metadata, version=version))


def publish(folder, champion, challenger=None):
    """Publish these releases and make them live."""
    names = [publish_release(release, folder) for release in (champion, challenger) if release]
    write_current(folder, Current(*names))
    return names
