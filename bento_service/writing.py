"""Predictions as they are sent, in JSON or as a list.

The JSON is put together by hand, for speed; tests hold it against the shapes in `answers`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from bento_service.http import Refused
from bento_service.live.models import LoadedModel
from bento_service.reading import Batch
from titanic_model.metrics import THRESHOLD


def said(model: LoadedModel, probability: float) -> bytes:
    """What one model says."""
    return b'{"survived":%b,"probability":%.6f,"model_version":"%b","variant":"%b"}' % (
        b"true" if probability >= THRESHOLD else b"false",
        probability,
        model.version.encode(),
        model.variant.encode(),
    )


def prediction(model: LoadedModel, probability: float, request_id: str) -> bytes:
    """The answer to one passenger."""
    # The text of a request id is checked, so that it needs no escapes.
    return b'%b,"request_id":"%b"}' % (said(model, probability)[:-1], request_id.encode())


def as_json(request_id: str, model: LoadedModel, batch: Batch, told: Mapping[int, float]) -> bytes:
    """The answer to a batch; `told` has the probabilities by row."""
    behind = f',"model_version":"{model.version}","variant":"{model.variant}"'
    before = f',"request_id":"{request_id}.'
    rows = []
    for row, content in enumerate(batch.rows):
        if isinstance(content, Refused):
            rows.append(json.dumps({"error": content.detail()}))
            continue
        probability = told[row]
        survived = "true" if probability >= THRESHOLD else "false"
        rows.append(
            f'{{"survived":{survived},"probability":{probability:.6f}{behind}{before}{row}"}}'
        )
    ignored = f',"ignored_columns":{json.dumps(batch.ignored_columns)}'
    return (
        f'{{"predictions":[{",".join(rows)}]{behind},"request_id":"{request_id}"'
        f"{ignored if batch.ignored_columns else ''}}}"
    ).encode()


def as_csv(batch: Batch, told: Mapping[int, float]) -> bytes:
    """The answer to a batch, as a list."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("row", "survived", "probability", "error"))
    for row, content in enumerate(batch.rows):
        if isinstance(content, Refused):
            lines.writerow((row, "", "", content.message))
        else:
            lines.writerow((row, int(told[row] >= THRESHOLD), f"{told[row]:.6f}", ""))
    return text.getvalue().encode()


def prefers_csv(accept: bytes) -> bool:
    """Whether a header Accept has CSV before JSON, in which the answer is where both may be."""
    if b"text/csv" not in accept:
        return False
    weights = {}
    for part in accept.decode("latin-1").lower().split(","):
        media, *parameters = [piece.strip() for piece in part.split(";")]
        weights[media] = next((_weight(each[2:]) for each in parameters if each[:2] == "q="), 1.0)
    json_weight = max(weights.get(media, 0.0) for media in ("application/json", "application/*"))
    return weights.get("text/csv", 0.0) > json_weight


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
