"""The passengers a version was trained on, as its MLflow run keeps them for later reports.

Bins and shares are in every release. The rows themselves, which Evidently compares with, are kept
beside it since there are drift reports: versions from before have numbers and no page.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from titanic_assets.tracking.registry import NoRelease
from titanic_model.contract import LABEL
from titanic_model.reference import (
    DRIFT_FIELDS,
    SCORE,
    SCORE_WITHOUT_CABIN,
    SCORE_WITHOUT_NAME,
    Reference,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from mlflow import MlflowClient
    from numpy.typing import NDArray

    from titanic_assets.tracking.versions import ModelVersion
    from titanic_model.training_data import TrainingData

FOLDER = "reference"
ROWS = f"{FOLDER}/passengers.parquet"
# Evidently takes seconds for so many and would take minutes for all of a large list.
MOST_ROWS = 20_000
_BINS = "release/reference.json"


def reference_rows(
    training: TrainingData,
    unseen: NDArray[np.float64],
    without_cabin: NDArray[np.float64],
    without_name: NDArray[np.float64],
) -> bytes:
    """The fields of the training passengers, what each was given unseen, and what came of them.

    Of a large list it is a sample, the same each time.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from titanic_model.inputs import known_of

    known = known_of(training.matrix)
    table = pa.table(
        {
            **{name: pa.array(known[name], from_pandas=True) for name in DRIFT_FIELDS},
            SCORE: unseen,
            SCORE_WITHOUT_CABIN: without_cabin,
            SCORE_WITHOUT_NAME: without_name,
            LABEL: training.survived.astype(bool),
        }
    )
    if len(table) > MOST_ROWS:
        drawn = np.random.default_rng(0).choice(len(table), MOST_ROWS, replace=False)
        table = table.take(np.sort(drawn))
    content = BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def read_reference(client: MlflowClient, version: ModelVersion) -> Reference:
    """The bins of a version, with the shares of its training passengers. Raises `NoRelease`."""
    from mlflow.exceptions import MlflowException

    with TemporaryDirectory() as folder:
        try:
            content = _fetched(client, version.run_id, _BINS, folder).read_text(encoding="utf-8")
        except (MlflowException, OSError) as error:
            raise NoRelease(
                f"{_BINS} of version {version.version}, among the artifacts of its run "
                f"{version.run_id}, cannot be read: were they deleted? Train anew, or restore "
                f"MLflow's artifacts from a backup. ({error})"
            ) from None
    return Reference.from_json(content)


def read_reference_rows(
    client: MlflowClient, run_id: str, weights: tuple[float, float, float]
) -> pa.Table | None:
    """Those passengers, in these shares scored as they are, without cabin, and without name.

    None of a version that was trained before they were kept.
    """
    import numpy as np
    import pyarrow.parquet as pq

    if ROWS not in {each.path for each in client.list_artifacts(run_id, FOLDER)}:
        return None
    with TemporaryDirectory() as folder:
        rows = pq.ParquetFile(_fetched(client, run_id, ROWS, folder)).read()
    given = [rows[each].to_numpy() for each in (SCORE, SCORE_WITHOUT_CABIN, SCORE_WITHOUT_NAME)]
    way = np.random.default_rng(0).choice(3, len(rows), p=weights)
    scores = np.choose(way, given)
    return rows.set_column(rows.schema.get_field_index(SCORE), SCORE, [scores])


def _fetched(client: MlflowClient, run_id: str, path: str, into: str) -> Path:
    return Path(client.download_artifacts(run_id, path, into))
