"""A home of Dagster's, and what its daemon and its runs would write there."""

import time
import uuid

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat

from titanic_assets.monitor.dagster_store import DagsterStore

_LOCATION = ManagedGrpcPythonEnvCodeLocationOrigin(
    LoadableTargetOrigin(module_name="none"), location_name="titanic"
)
_REPOSITORY = RemoteRepositoryOrigin(_LOCATION, "__repository__")


class DagsterHome:
    """The storage in `settings.places.dagster`, written as Dagster does."""

    def __init__(self, settings):
        self.settings = settings
        self.folder = settings.places.dagster
        self.store = DagsterStore(self.folder)

    def __enter__(self):
        self.instance = DagsterInstance.from_config(str(self.folder)).__enter__()
        return self

    def __exit__(self, *_):
        self.instance.__exit__(None, None, None)

    def beat(self, at=None, *, but=()):
        """Every part of the daemon lives, but these."""
        for part in set(self.instance.get_required_daemon_types()) - set(but):
            self.instance.add_daemon_heartbeat(DaemonHeartbeat(at or time.time(), part, "1"))

    def run(self, job="training_job", ending=None):
        """A run that was started, and perhaps ended so."""
        run = DagsterRun(job_name=job, run_id=str(uuid.uuid4()))
        self.instance.add_run(run)
        self.report(run, DagsterEventType.RUN_START)
        if ending:
            self.report(run, ending)
        return run

    def report(self, run, event):
        """What a run's process reports of it."""
        # To the storage of runs at once: a log of events for each run takes half a second to make.
        told = DagsterEvent(event.value, run.job_name)
        self.instance.run_storage.handle_run_event(run.run_id, told)

    def sensor(self, name, *, ticked=3.0, status="SKIPPED", on=True, interval=5):
        """A sensor that ticked so many seconds ago."""
        at = time.time() - ticked
        state = InstigatorState(
            RemoteInstigatorOrigin(_REPOSITORY, name),
            InstigatorType.SENSOR,
            InstigatorStatus.DECLARED_IN_CODE if on else InstigatorStatus.STOPPED,
            SensorInstigatorData(last_tick_timestamp=at, min_interval=interval),
        )
        self.instance.add_instigator_state(state)
        self.tick(state, at, status)
        return state

    def tick(self, state, at, status):
        """Dagster notes that a tick begins, and makes it."""
        noted = state.instigator_data._replace(last_tick_start_timestamp=at)
        self.instance.update_instigator_state(state.with_data(noted))
        self.instance.create_tick(
            TickData(
                state.instigator_origin_id, state.name, state.instigator_type,
                TickStatus[status], at, selector_id=state.selector_id,
            )
        )  # fmt: skip
