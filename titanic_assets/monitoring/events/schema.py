"""What is kept of an event: the columns of the collected tables."""

from __future__ import annotations

from hashlib import blake2b

import pyarrow as pa

from titanic_model.contract import FIELDS

_TYPES = {
    "integer": pa.int8(),
    "number": pa.float64(),
    "category": pa.string(),
    "text": pa.string(),
}

PREDICTION_SCHEMA = pa.schema(
    [
        ("key", pa.uint64()),
        ("time", pa.float64()),
        ("request_id", pa.string()),
        ("trace_id", pa.string()),
        ("caller", pa.string()),
        ("on_behalf_of", pa.string()),
        ("way", pa.string()),
        ("passenger_id", pa.int64()),
        *((field.name, _TYPES[field.kind]) for field in FIELDS),
        ("variant", pa.string()),
        ("model_version", pa.string()),
        ("probability", pa.float64()),
        ("said", pa.bool_()),
        ("served", pa.bool_()),
        ("latency_ms", pa.float64()),
    ]
)

OUTCOME_SCHEMA = pa.schema(
    [
        ("key", pa.uint64()),
        ("time", pa.float64()),
        ("request_id", pa.string()),
        ("caller", pa.string()),
        ("survived", pa.bool_()),
    ]
)

# Beside a prediction, where it is asked for: what really happened, null while nobody has said.
OUTCOME = pa.field("outcome", pa.bool_())


def event_key(caller: str, request_id: str) -> int:
    """By what a prediction and its outcome find each other: the caller and the request, hashed.

    Of ten million events, two different ones have the same key in one case of 370,000.
    """
    words = f"{caller}\0{request_id}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(words, digest_size=8).digest(), "little")
