"""The prediction log as BentoML knows it: a monitor, which BentoML makes and keeps by its name.

`bentoml.monitor` as a context manager and with a call for each column costs some 20 µs an event,
so the service takes from it the log and hands finished lines to that.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import bentoml
from bentoml.monitoring import MonitorBase
from pydantic_core import to_json

from bento_service.prediction_log.log import LogPlace, LogState, PredictionLog
from bento_service.prediction_log.trouble import logger
from bento_service.settings import Settings, WrongSetting

__all__ = ["LogState", "PredictionLog", "SegmentMonitor", "open_prediction_log"]

_Columns = dict[str, list[Any]]
_record: ContextVar[_Columns | None] = ContextVar("record_of_a_segment_monitor", default=None)


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
    _require_storage(place)
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
        self._schema_is_new = False

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

    def record(self, lines: bytes, events: int) -> bool:
        r"""Log these lines, each of them ended by `\n`; False when they had to be dropped."""
        return self.log_of_worker.record(lines, events)

    @property
    def state(self) -> LogState:
        """What became of the events so far."""
        return self.log_of_worker.state

    def close(self, within_seconds: float = 5.0) -> None:
        """Write what is there, and end."""
        self.log_of_worker.close(within_seconds)

    # BentoML's own way of starting and stopping warns of a record without data, and does not
    # start again after one, or after a block that raised.

    def start_record(self) -> None:
        """Begin a record."""
        _record.set(defaultdict(list))

    def log(self, data: Any, name: str, role: str, data_type: str) -> None:
        """Add a value to a column of the record."""
        columns = _record.get()
        if columns is None:
            raise RuntimeError("values are logged inside of `with bentoml.monitor(...)`")
        columns[name].append(data)
        if self.columns_schema is None or name not in self.columns_schema:
            column = {"name": name, "role": role, "type": data_type}
            self.columns_schema = {**(self.columns_schema or {}), name: column}
            self._schema_is_new = True

    def stop_record(self) -> None:
        """Write the record down, if there is anything in it."""
        columns, _ = _record.get(), _record.set(None)
        if columns:
            if self._schema_is_new:
                self._schema_is_new = False
                self.export_schema(self.columns_schema or {})
            self.export_data(columns)

    def export_schema(self, columns_schema: dict[str, dict[str, str]]) -> None:
        """Write down what the columns are, as a line of the kind `schema`."""
        columns = list(columns_schema.values())
        self._export([{"kind": "schema", "time": time.time(), "columns": columns}])

    def export_data(self, datas: dict[str, Any]) -> None:
        """Write a line for each row; its kind is `record` unless a column says otherwise."""
        values: list[list[Any]] = [list(column) for column in datas.values()]
        if len({len(column) for column in values}) > 1:
            raise ValueError(f"columns of one record differ in length: {', '.join(datas)}")
        known = {"kind": "record", "time": time.time()}
        rows = zip(*values, strict=True)
        self._export([{**known, **dict(zip(datas, row, strict=True))} for row in rows])

    def _export(self, rows: Iterable[dict[str, Any]]) -> None:
        lines = [to_json(row, fallback=_plain) + b"\n" for row in rows]
        self.record(b"".join(lines), len(lines))


def _plain(value: Any) -> Any:
    """What numpy's numbers and arrays are in JSON; for anything else its text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _require_storage(place: LogPlace) -> None:
    """Refuse at once what can never be written to."""
    if place.folder is not None:
        return
    import fsspec

    try:
        fsspec.get_filesystem_class(place.uri.split("://")[0])
    except (ImportError, ValueError) as error:
        raise WrongSetting(
            f"PREDICTION_LOG_URI={place.uri!r}: {error}. Name a folder, or a URL of a storage "
            "that is installed, such as s3:// (package s3fs) or gs:// (gcsfs)."
        ) from None
