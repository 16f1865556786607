"""Predictions as they are sent, in JSON or as a list.

The JSON is put together by hand, for speed; tests hold it against the shapes in `answers`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping

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
    """The answer to a batch; `told` has the probabilities by row, in their order."""
    behind = f',"model_version":"{model.version}","variant":"{model.variant}"'
    before = f',"request_id":"{request_id}.'
    answers = [
        f'{{"survived":{"true" if probability >= THRESHOLD else "false"},'
        f'"probability":{probability:.6f}{behind}{before}{row}"}}'
        for row, probability in told.items()
    ]
    rows = _in_their_places(
        batch, answers, lambda _, refused: json.dumps({"error": refused.detail()})
    )
    ignored = f',"ignored_columns":{json.dumps(batch.ignored_columns)}'
    return (
        f'{{"predictions":[{",".join(rows)}]{behind},"request_id":"{request_id}"'
        f"{ignored if batch.ignored_columns else ''}}}"
    ).encode()


def as_csv(batch: Batch, told: Mapping[int, float]) -> bytes:
    """The answer to a batch, as a list."""
    answers = [
        f"{row},{1 if probability >= THRESHOLD else 0},{probability:.6f},\n"
        for row, probability in told.items()
    ]
    rows = _in_their_places(
        batch, answers, lambda row, refused: _line(row, "", "", refused.message)
    )
    return "".join([_line("row", "survived", "probability", "error"), *rows]).encode()


def _in_their_places(
    batch: Batch, answers: list[str], error: Callable[[int, Refused], str]
) -> list[str]:
    """The answers, with the errors of the rows that got none among them."""
    if len(answers) == len(batch.rows):
        return answers
    rest = iter(answers)
    return [
        error(row, content) if isinstance(content, Refused) else next(rest)
        for row, content in enumerate(batch.rows)
    ]


def _line(*cells: object) -> str:
    """A line of a list, with quotes where there have to be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


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
