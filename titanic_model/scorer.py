"""Scoring with an exported model: ONNX Runtime and numpy, nothing else, as the service does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

INPUT = "features"
OUTPUT = "probability"
_ERROR = 3


class UnusableModel(ValueError):
    """Bytes that are not a model which scores passengers."""


class Scorer:
    """A loaded model. It keeps no state between calls, so threads may share it."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        # One passenger is too little work to share out, and batches already come in parallel.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERROR
        # Its errors have no base class of their own.
        try:
            self._session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise UnusableModel(f"ONNX Runtime cannot load this model: {error}") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        names = [node.name for node in (*inputs, *outputs)]
        if names != [INPUT, OUTPUT]:
            raise UnusableModel(
                f"this model goes from and to {', '.join(names)}, and should go from {INPUT} to "
                f"{OUTPUT}: export it with titanic_model.onnx_export"
            )
        self.columns: int = inputs[0].shape[1]

    def score(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of survival for each row of features."""
        if matrix.ndim != 2 or matrix.shape[1] != self.columns:
            raise UnusableModel(
                f"this model reads rows of {self.columns} features and was given an array of "
                f"shape {matrix.shape}: it belongs to another feature version"
            )
        output: list[Any] = self._session.run([OUTPUT], {INPUT: matrix})
        probability: NDArray[np.float32] = output[0]
        return probability
