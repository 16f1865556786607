"""Reads Dagster's storage: what it must not do is make one, hold one up, or read it all again.

What only grows is read from where the last look ended. A look that fails leaves all as it was, so
the next one begins there again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from titanic_assets.monitor.automations import Known, read_automations
from titanic_assets.monitor.health import Automation, Daemon, DagsterHealth, Run
from titanic_assets.monitor.run_counts import Counting, EndedRun, Ending, RunCounts

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from dagster._core.storage.dagster_run import RunRecord

# Where Dagster is told of a storage other than SQLite's in its home.
_STORAGES = {"storage", "run_storage", "event_log_storage", "schedule_storage"}
_ENDED = ("SUCCESS", "FAILURE", "CANCELED")
_PAGE = 500
_LISTED = 12
# Records become visible a little after the time that they carry.
_LOOK_BACK = timedelta(seconds=60)
_ASSETS_EVERY_SECONDS = 30.0


class NoStore(RuntimeError):
    """There is no storage of Dagster's yet."""


class DagsterStore:
    """The storage behind a Dagster home, looked at again and again, by one thread at a time."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._instance: DagsterInstance | None = None
        self._counting = Counting()
        self._counted_until: datetime | None = None
        self._ticks: dict[str, Known] = {}
        self._assets: Mapping[str, float] = {}
        self._assets_read: float | None = None

    def read(self) -> DagsterHealth:
        """Look at all of it."""
        instance = self._opened()
        now = time.time()
        return DagsterHealth(
            at=now,
            daemons=tuple(_daemons(instance)),
            automations=self._automations(instance, now),
            in_progress=tuple(_in_progress(instance)),
            last_runs=tuple(_as_run(each) for each in instance.get_run_records(limit=_LISTED)),
            counts=self._count(instance),
            assets=self._asset_times(instance),
        )

    def _opened(self) -> DagsterInstance:
        """The instance; a store that is not there is not made, as whoever starts Dagster does."""
        self._require_store()
        if self._instance is None:
            from dagster import DagsterInstance

            self._instance = DagsterInstance.from_config(str(self._home))
        return self._instance

    def _require_store(self) -> None:
        # SQLite would make what it is asked to open.
        settings = self._home / "dagster.yaml"
        if not settings.exists():
            self._instance = None
            raise NoStore(f"there is no Dagster in {self._home} yet")
        if _STORAGES & (yaml.safe_load(settings.read_text()) or {}).keys():
            return  # a server's, which answers or does not
        needed = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
        if not all((self._home / each).exists() for each in needed):
            self._instance = None
            raise NoStore(f"Dagster's storage in {self._home} is not there yet")

    def _automations(self, instance: DagsterInstance, now: float) -> tuple[Automation, ...]:
        found, self._ticks = read_automations(instance, self._ticks, now)
        return found

    def _count(self, instance: DagsterInstance) -> RunCounts:
        until = self._counted_until
        pages = _all_ended(instance) if until is None else [_ended_since(instance, until)]
        for page in pages:
            for record in page:
                self._counting.add(_as_ended(record))
                updated = record.update_timestamp
                until = updated if until is None else max(until, updated)
        # A clock that was set back is not waited for.
        self._counted_until = until and min(until, datetime.now(UTC))
        return self._counting.so_far()

    def _asset_times(self, instance: DagsterInstance) -> Mapping[str, float]:
        """These carry all that an asset's page shows, so they are read more seldom."""
        now = time.monotonic()
        if self._assets_read is None or now - self._assets_read > _ASSETS_EVERY_SECONDS:
            entries = [record.asset_entry for record in instance.get_asset_records()]
            self._assets = {
                entry.asset_key.to_user_string(): entry.last_materialization.timestamp
                for entry in entries
                if entry.last_materialization
            }
            self._assets_read = now
        return self._assets


def _daemons(instance: DagsterInstance) -> Iterator[Daemon]:
    beats = instance.get_daemon_heartbeats()
    for name in sorted(instance.get_required_daemon_types()):
        beat = beats.get(name)
        yield Daemon(
            name.lower().removesuffix("_daemon"),
            beat.timestamp if beat else None,
            tuple(error.message.strip() for error in (beat.errors or ())) if beat else (),
        )


def _in_progress(instance: DagsterInstance) -> Iterator[Run]:
    from dagster import DagsterRunStatus, RunsFilter

    statuses = [status for status in DagsterRunStatus if status.value not in _ENDED]
    for record in instance.get_run_records(RunsFilter(statuses=statuses), limit=_PAGE):
        yield _as_run(record)


def _all_ended(instance: DagsterInstance) -> Iterator[list[RunRecord]]:
    """Every run that is over, the newest first, page by page."""
    cursor = None
    while page := instance.get_run_records(_ended(), limit=_PAGE, cursor=cursor):
        yield list(page)
        cursor = page[-1].dagster_run.run_id


def _ended_since(instance: DagsterInstance, until: datetime) -> list[RunRecord]:
    return list(instance.get_run_records(_ended(updated_after=until - _LOOK_BACK)))


def _ended(**bounds: Any) -> Any:
    from dagster import DagsterRunStatus, RunsFilter

    return RunsFilter(statuses=[DagsterRunStatus(each) for each in _ENDED], **bounds)


def _as_ended(record: RunRecord) -> EndedRun:
    run = _as_run(record)
    ended = run.ended or record.update_timestamp.timestamp()
    return EndedRun(
        run_id=run.run_id,
        job=run.job,
        ending=cast("Ending", run.status),
        ended=ended,
        seconds=max(0.0, ended - run.started) if run.started else None,
    )


def _as_run(record: RunRecord) -> Run:
    return Run(
        run_id=record.dagster_run.run_id,
        job=record.dagster_run.job_name,
        status=record.dagster_run.status.value.lower(),
        asked=record.create_timestamp.timestamp(),
        started=record.start_time,
        ended=record.end_time,
    )
