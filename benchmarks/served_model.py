"""The model that the benchmarks of serving serve, ours and their peers alike, and who asks for it.

It is the blend that wins the search: equal votes of logistic regression and gradient boosting.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]  # it has none
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks.one_row import fit, packaged_features
from benchmarks.peers import JOBLIB, ONNX
from benchmarks.peers.in_pandas import features
from titanic_model.families import STARTERS, Classifier
from titanic_model.features import FEATURES
from titanic_model.golden import golden_rows
from titanic_model.inputs import known_of
from titanic_model.onnx_export import export
from titanic_model.published import Current, publish_release, release_name, write_current
from titanic_model.reference import describe
from titanic_model.release import Provenance, Release, ReleaseMetadata
from titanic_model.schemas import PACKAGED_LIST
from titanic_model.scorer import Scorer

_COLUMNS = ["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "name", "ticket", "cabin"]
# Every so many of the list, which is sorted by class: a mixed company of a hundred.
_EVERY = 13


def publish(folder: Path) -> Path:
    """Two releases of the blend, fitted differently; the first of them is live."""
    for version in (1, 2):
        publish_release(a_release(version), folder)
    make_live(folder, 1)
    return folder


def make_live(folder: Path, version: int) -> None:
    """Name that version as the live one, which is how models are swapped."""
    write_current(folder, Current(release_name(a_release(version))))


def write_for_peers(folder: Path) -> Path:
    """The same model for those who know no releases: as ONNX, and as a pickled pipeline."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ONNX).write_bytes(a_release(1).model)
    # As a tutorial has it: the pipeline takes the raw table and makes the features itself.
    pipeline = make_pipeline(FunctionTransformer(features), _fitted(1))
    joblib.dump(pipeline, folder / JOBLIB)
    return folder


def passengers(every: int = _EVERY) -> Iterator[dict[str, Any]]:
    """Those who are asked about, with what the list knows of them; `every` thins it out."""
    people = pd.read_csv(PACKAGED_LIST)[_COLUMNS].iloc[::every]
    for row in json.loads(people.to_json(orient="records")):
        yield {name: value for name, value in row.items() if value is not None}


@cache
def a_release(version: int) -> Release:
    """A release of the blend."""
    matrix, _ = packaged_features()
    model = export(_fitted(version), len(FEATURES))
    scorer = Scorer(model)
    return Release(
        model=model,
        metadata=ReleaseMetadata(
            version=str(version),
            family=STARTERS[0].family,
            parameters=STARTERS[0].parameters,
            imbalance=STARTERS[0].imbalance,
            figures={},
            provenance=Provenance(data_fingerprint="packaged", code_revision="benchmarks"),
        ),
        reference=describe(known_of(matrix), scorer.score(matrix)),
        golden=golden_rows(scorer),
    )


@cache
def _fitted(seed: int) -> Classifier:
    return fit(seed)
