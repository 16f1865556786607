"""Releases as small as can be, with a model that was written by hand."""

from dataclasses import replace

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from titanic_model.features import FEATURES
from titanic_model.golden import golden_rows
from titanic_model.reference import DRIFT_FIELDS, describe
from titanic_model.release import Provenance, Release, ReleaseMetadata
from titanic_model.scorer import INPUT, OUTPUT, Scorer

PROVENANCE = Provenance(
    data_fingerprint="d" * 64, code_revision="c" * 40, dagster_run_id="run", mlflow_run_id="mlflow"
)
_LOOKS_AT = "female"


def a_release(version="", bias=-1.0):
    """Women survive more often; the bias makes one model differ from another."""
    model = _model(bias)
    passengers = {name: [None, None] for name in DRIFT_FIELDS}
    return Release(
        model=model,
        metadata=ReleaseMetadata(
            version=version,
            family="logistic",
            parameters={"bias": bias},
            imbalance="none",
            figures={"accuracy": 0.78, "log_loss": 0.52},
            provenance=PROVENANCE,
        ),
        reference=describe(passengers, [0.2, 0.7]),
        golden=golden_rows(Scorer(model)),
    )


def numbered(release, version):
    return replace(release, metadata=replace(release.metadata, version=version))


def _model(bias):
    constants = {
        "column": np.array(FEATURES.index(_LOOKS_AT)),
        "weight": np.array([2.0], np.float32),
        "bias": np.array([bias], np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gather", [INPUT, "column"], ["seen"], axis=1),
            helper.make_node("Mul", ["seen", "weight"], ["weighed"]),
            helper.make_node("Add", ["weighed", "bias"], ["moved"]),
            helper.make_node("Sigmoid", ["moved"], [OUTPUT]),
        ],
        "by_hand",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, len(FEATURES)])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
