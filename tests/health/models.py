"""Releases with a character: as good as another, wrong, slow, or failing."""

from dataclasses import replace
from functools import cache

import numpy as np
import onnx
from onnx import helper, numpy_helper
from sklearn.ensemble import HistGradientBoostingClassifier

from tests.service.releases import a_release, packaged
from titanic_model.features import FEATURES
from titanic_model.golden import golden_rows
from titanic_model.onnx_export import export
from titanic_model.scorer import INPUT, OUTPUT, Scorer

# A product of two such squares takes about a millisecond.
_SIDE = 300


def with_model(release, content):
    """The release with another model, which says of itself what it says."""
    return replace(release, model=content, golden=golden_rows(Scorer(content)))


@cache
def retrained(version="2", seed=1):
    """Trained as the others, on another draw of the same passengers."""
    data = packaged()
    drawn = np.random.default_rng(seed).integers(0, len(data.survived), len(data.survived))
    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=seed)
    fitted = model.fit(data.matrix[drawn], data.survived[drawn])
    return with_model(a_release(version, "gradient_boosting"), export(fitted, data.matrix.shape[1]))


@cache
def turned_round(version="2"):
    """Trained on labels that were the wrong way round."""
    data = packaged()
    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=1)
    fitted = model.fit(data.matrix, 1 - data.survived)
    return with_model(a_release(version, "gradient_boosting"), export(fitted, data.matrix.shape[1]))


def slow(release):
    """It says the same after a calculation that comes to nothing."""
    return _with_detour(
        release,
        [
            numpy_helper.from_array(np.array([_SIDE, _SIDE]), "shape"),
            numpy_helper.from_array(np.array([0.0], np.float32), "nothing"),
        ],
        [
            helper.make_node("ReduceMax", ["quick"], ["one"], keepdims=0),
            helper.make_node("Expand", ["one", "shape"], ["many"]),
            helper.make_node("MatMul", ["many", "many"], ["product"]),
            helper.make_node("ReduceMax", ["product"], ["largest"], keepdims=0),
            helper.make_node("Mul", ["largest", "nothing"], ["no_more"]),
            helper.make_node("Add", ["quick", "no_more"], [OUTPUT]),
        ],
    )


def silent_about_families(release):
    """It has no probability (NaN) for whoever travels with two siblings or more.

    No golden passenger tells, so the service takes it.
    """
    return _with_detour(
        release,
        [
            numpy_helper.from_array(np.array(FEATURES.index("sibsp")), "column"),
            numpy_helper.from_array(np.array([2.0], np.float32), "two"),
            numpy_helper.from_array(np.array([np.nan], np.float32), "no_number"),
        ],
        [
            helper.make_node("Gather", [INPUT, "column"], ["siblings"], axis=1),
            helper.make_node("Equal", ["siblings", "two"], ["has_two"]),
            helper.make_node("Where", ["has_two", "no_number", "quick"], [OUTPUT]),
        ],
    )


def _with_detour(release, constants, nodes):
    model = onnx.load_from_string(release.model)
    for node in model.graph.node:
        node.output[:] = ["quick" if name == OUTPUT else name for name in node.output]
    model.graph.initializer.extend(constants)
    model.graph.node.extend(nodes)
    return with_model(release, model.SerializeToString())
