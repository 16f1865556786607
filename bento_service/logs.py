"""The log on stdout: one JSON object a line, with what is needed to find the others of its kind."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# Every line has these, so that whoever collects them can rely on it.
_ALWAYS = ("request_id", "trace_id", "model_version")
# At INFO these log each request that they make, and at DEBUG what is in it: addresses with
# passwords, keys, signatures.
_TALKATIVE = (
    "aiobotocore", "boto3", "botocore", "fsspec", "gcsfs", "httpcore", "httpx", "s3fs", "urllib3",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what was given as `extra` stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": record.getMessage(),
            "logger": record.name,
            **dict.fromkeys(_ALWAYS),
            **extra,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_as_json(level: str) -> None:
    """Send everything that this process logs, BentoML's own included, to stdout as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("bentoml", "uvicorn", "uvicorn.error", "circus"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    # Access is logged by the service itself, with the request's id.
    for name in ("uvicorn.access", "bentoml.access"):
        logging.getLogger(name).disabled = True
    logging.captureWarnings(True)
