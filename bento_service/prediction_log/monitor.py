"""The prediction log as BentoML knows it: a monitor, which BentoML makes and keeps by its name.

`bentoml.monitor` as a context manager and with a call for each column costs some 20 µs an event,
so the service takes from it the log and hands finished lines to that.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bentoml
from bentoml._internal.monitoring.base import MON_COLUMN_VAR, MON_DATAS_VAR
from bentoml.monitoring import MonitorBase
from pydantic_core import to_json

from bento_service.prediction_log.log import LogPlace, PredictionLog
from bento_service.prediction_log.trouble import logger
from bento_service.settings import Settings


def open_prediction_log(
    settings: Settings, seat: int, *, spool: Path | None = None, name: str = "predictions"
) -> PredictionLog:
    """The log of this worker, to be closed by the caller; one that takes nothing if there is none.

    The monitor is made by `bentoml.monitor`, with class and options given here and not by the
    service's `monitoring` configuration: that is fixed when the service's module is imported,
    before a worker knows its seat. What stays configurable there is `monitoring.enabled: false`.

    `spool` is where segments wait to be uploaded to object storage; by default it is a folder of
    this user's in the temporary one, the same after each start.
    """
    uri = settings.prediction_log_uri
    if uri is None:
        return PredictionLog(None)
    place = LogPlace(
        uri=uri,
        seat=seat,
        segment_bytes=settings.prediction_log_segment_bytes,
        segment_seconds=settings.prediction_log_segment_seconds,
        backlog=settings.prediction_log_backlog,
        spool=spool,
    )
    # It takes classes, too; only its overloads do not say so.
    with bentoml.monitor(name, SegmentMonitor, vars(place)) as monitor:  # type: ignore[call-overload]
        pass
    if not isinstance(monitor, SegmentMonitor):
        logger.warning("BentoML's monitoring is switched off: no predictions are logged")
        return PredictionLog(None)
    # BentoML keeps a monitor for good, also one that was closed.
    return monitor.open(place)


class SegmentMonitor(MonitorBase[Any]):
    """Writes what it is given into the segments of a prediction log."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name)
        self.log_of_worker = PredictionLog(LogPlace(**options))

    def open(self, place: LogPlace) -> PredictionLog:
        """The log at this place, anew if it was closed."""
        if self.log_of_worker.closed:
            self.log_of_worker = PredictionLog(place)
        if self.log_of_worker.place != place:
            raise RuntimeError(
                f"the prediction log {self.name!r} of this process is open with other options: "
                "close it first, or give this one another name"
            )
        return self.log_of_worker

    def start_record(self) -> None:
        """Begin a record, also after one that was broken off, where BentoML's own way stops."""
        MON_DATAS_VAR.set(None)
        MON_COLUMN_VAR.set(None)
        super().start_record()  # type: ignore[no-untyped-call] # it has no types

    def stop_record(self) -> None:
        """Write the record down; an empty one, unlike BentoML, without a warning."""
        if MON_DATAS_VAR.get():
            super().stop_record()

    def export_schema(self, columns_schema: dict[str, dict[str, str]]) -> None:
        """What the columns are, as a line of the kind `schema`."""
        self._write("schema", {"columns": list(columns_schema.values())})

    def export_data(self, datas: dict[str, Any]) -> None:
        """A line for each row; its kind is `record` unless a column says otherwise."""
        for row in zip(*datas.values(), strict=True):
            self._write("record", dict(zip(datas, row, strict=True)))

    def _write(self, kind: str, row: dict[str, Any]) -> None:
        line = to_json({"kind": kind, "time": time.time(), **row}, fallback=_plain)
        self.log_of_worker.record(line + b"\n", 1)


def _plain(value: Any) -> Any:
    """What numpy's numbers and arrays are in JSON; for anything else its text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
