"""From a fitted scikit-learn pipeline to ONNX."""

from __future__ import annotations

import warnings

from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

from titanic_model.families import Classifier
from titanic_model.scorer import INPUT, OUTPUT


def export(pipeline: Classifier, columns: int) -> bytes:
    """The pipeline as ONNX: `features`, as many rows as one likes, to `probability`, one each."""
    with warnings.catch_warnings():
        # skl2onnx writes booleans where integers belong, which protobuf 6 takes with a warning.
        warnings.filterwarnings("ignore", "Field onnx.*got a boolean", DeprecationWarning)
        whole = to_onnx(
            pipeline,
            initial_types=[(INPUT, FloatTensorType([None, columns]))],
            options={id(pipeline): {"zipmap": False}},
        )
    model = select_model_inputs_outputs(whole, outputs=["probabilities"])
    graph = model.graph
    # Of the two columns only survival is of interest, and nobody reads the label: what comes out
    # is one number per passenger.
    graph.initializer.append(helper.make_tensor("survived", TensorProto.INT64, [], [1]))
    graph.node.append(
        helper.make_node("Gather", ["probabilities", "survived"], [OUTPUT], axis=1, name="Survived")
    )
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None]))
    # skl2onnx collects the operator sets in a set, so their order is another one in some processes;
    # the bytes are the model's identity.
    domains = sorted(model.opset_import, key=lambda operators: operators.domain)
    del model.opset_import[:]
    model.opset_import.extend(domains)
    return bytes(model.SerializeToString(deterministic=True))
