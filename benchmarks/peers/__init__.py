"""What the service is measured beside: other ways to serve the same model, with the same input.

Each is as its readers would write it and does nothing but predict. They find the model in the
folder that `PEER_MODEL` names.
"""

import os
from pathlib import Path

ONNX, JOBLIB = "model.onnx", "model.joblib"


def model_file(name: str) -> Path:
    """The file of that name in the folder of the model."""
    return Path(os.environ["PEER_MODEL"], name)
