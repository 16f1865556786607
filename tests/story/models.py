"""Models with a character: one that turns every answer round, one that takes its time."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.releasing.releases import a_release
from titanic_model.golden import golden_rows
from titanic_model.scorer import OUTPUT, Scorer

# Its product takes some 30 ms on one core.
_SIDE = 1000


def a_good_one(bias):
    """Women survive more often."""
    return a_release(bias=bias)


def one_that_is_wrong():
    """Men survive more often. It proves itself as any other: it computes what it always did."""
    model = onnx.load_from_string(a_release(bias=1.0).model)
    for constant in model.graph.initializer:
        if constant.name == "weight":
            constant.CopyFrom(numpy_helper.from_array(np.array([-2.0], np.float32), "weight"))
    return _released(model)


def one_that_is_slow():
    """It says what the good one says, after a long calculation that comes to nothing."""
    model = onnx.load_from_string(a_release(bias=-1.0).model)
    graph = model.graph
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([_SIDE, _SIDE]), "shape"),
            numpy_helper.from_array(np.array([0.0], np.float32), "nothing"),
        ]
    )
    for node in graph.node:
        node.output[:] = ["quick" if name == OUTPUT else name for name in node.output]
    graph.node.extend(
        [
            helper.make_node("ReduceMax", ["quick"], ["one"], keepdims=0),
            helper.make_node("Expand", ["one", "shape"], ["many"]),
            helper.make_node("MatMul", ["many", "many"], ["product"]),
            helper.make_node("ReduceMax", ["product"], ["largest"], keepdims=0),
            helper.make_node("Mul", ["largest", "nothing"], ["no_more"]),
            helper.make_node("Add", ["quick", "no_more"], [OUTPUT]),
        ]
    )
    return _released(model)


def _released(model):
    content = model.SerializeToString()
    return replace(a_release(), model=content, golden=golden_rows(Scorer(content)))
