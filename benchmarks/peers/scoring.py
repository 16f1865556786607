"""The shortest way from a passenger to a probability: the same transform, ONNX Runtime called bare.

What comes with an answer beside the probability, and what is noted of it, is left out.
"""

import onnxruntime

from benchmarks.peers import ONNX, model_file
from titanic_model.contract import Passenger
from titanic_model.features import derive_row


def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model_file(ONNX), options, providers=["CPUExecutionProvider"]
    )


_run = _session().run
_OUTPUT = ["probability"]


def score(passenger: Passenger) -> float:
    """The probability that this passenger survives."""
    return float(_run(_OUTPUT, {"features": derive_row(passenger.__dict__)[None]})[0][0])


def answer(probability: float) -> bytes:
    """The answer as JSON."""
    survived = b"true" if probability >= 0.5 else b"false"
    return b'{"survived":%b,"probability":%.6f}' % (survived, probability)
