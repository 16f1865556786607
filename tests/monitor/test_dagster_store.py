import asyncio
import sqlite3
import time

import dagster as dg
import pytest
from dagster import DagsterEventType

from titanic_assets.monitor.dagster_store import DagsterStore, NoStore
from titanic_assets.monitor.looking import Looking

SUCCESS, FAILURE = DagsterEventType.RUN_SUCCESS, DagsterEventType.RUN_FAILURE
CANCELED = DagsterEventType.RUN_CANCELED


def test_a_storage_that_is_not_there_is_not_made(tmp_path):
    store = DagsterStore(tmp_path / "dagster")
    with pytest.raises(NoStore, match="no Dagster in"):
        store.read()
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").touch()
    with pytest.raises(NoStore, match="not there yet"):
        store.read()
    assert [path.name for path in tmp_path.rglob("*")] == ["dagster", "dagster.yaml"]


def test_a_storage_that_was_removed_is_not_made_anew_either(home):
    home.store.read()
    runs = home.folder / "history" / "runs.db"
    away = runs.rename(runs.with_name("away"))
    with pytest.raises(NoStore):
        home.store.read()
    assert not runs.exists()
    away.rename(runs)
    home.store.read()


def test_the_parts_of_the_daemon_that_have_to_run_are_told_with_their_last_sign_of_life(home):
    home.beat(1_800_000_000.0, but=["SCHEDULER"])
    beats = {each.name: each.heartbeat for each in home.store.read().daemons}
    assert (beats.pop("scheduler"), set(beats.values())) == (None, {1_800_000_000.0})
    assert {"sensor", "freshness", "queued_run_coordinator"} <= set(beats)


def test_runs_are_counted_once_by_how_they_ended_and_those_in_progress_are_told(home):
    ended = home.run(ending=SUCCESS)
    going_on = home.run("bundle_job")
    home.run("bundle_job", ending=CANCELED)
    first = home.store.read()
    home.instance.add_run_tags(ended.run_id, {"seen": "by a person"})
    home.report(going_on, FAILURE)
    second = home.store.read()

    assert first.counts.endings == {
        ("training_job", "success"): 1, ("bundle_job", "canceled"): 1,
    }  # fmt: skip
    assert [(run.job, run.status) for run in first.in_progress] == [("bundle_job", "started")]
    assert second.counts.endings == first.counts.endings | {("bundle_job", "failure"): 1}
    assert second.in_progress == ()
    assert second.counts.durations["training_job"].count == 1
    assert time.time() - second.counts.last_success["training_job"] < 60
    assert DagsterStore(home.folder).read().counts == second.counts
    assert [run.job for run in second.last_runs] == ["bundle_job", "bundle_job", "training_job"]


def test_more_runs_than_fit_on_a_page_are_all_counted(home, monkeypatch):
    monkeypatch.setattr("titanic_assets.monitor.dagster_store._PAGE", 2)
    for _ in range(5):
        home.run(ending=SUCCESS)
    assert home.store.read().counts.endings == {("training_job", "success"): 5}


def test_the_last_tick_of_each_sensor_is_told_and_the_next_is_found(home):
    state = home.sensor("landing_sensor", ticked=8, status="STARTED")
    home.sensor("image_sensor", on=False)
    first = {each.name: each for each in home.store.read().automations}
    home.tick(state, time.time(), "SKIPPED")
    second = {each.name: each for each in home.store.read().automations}

    assert first["landing_sensor"].tick.status == "started"
    assert first["landing_sensor"].overdue(time.time()) == pytest.approx(3, abs=2)
    assert not first["image_sensor"].on
    assert second["landing_sensor"].tick.status == "skipped"
    assert second["landing_sensor"].overdue(time.time()) == 0


def test_the_ages_of_assets_are_told(home):
    @dg.asset
    def raw_passengers():
        """Nothing."""

    dg.materialize([raw_passengers], instance=home.instance)
    (made,) = home.store.read().assets.items()
    assert made == ("raw_passengers", pytest.approx(time.time(), abs=60))


def test_a_look_that_fails_leaves_the_counts_as_they_were(home):
    home.run(ending=SUCCESS)
    home.store.read()
    table = sqlite3.connect(home.folder / "history" / "runs.db")
    table.execute("ALTER TABLE runs RENAME TO away")
    with pytest.raises(Exception, match="runs"):
        home.store.read()
    table.execute("ALTER TABLE away RENAME TO runs")
    table.close()
    home.run(ending=FAILURE)
    assert sum(home.store.read().counts.endings.values()) == 2


def test_a_storage_that_somebody_holds_keeps_nobody_waiting_and_is_read_again_afterwards(home):
    home.store.read()
    holder = sqlite3.connect(home.folder / "history" / "runs.db", isolation_level=None)

    async def look():
        looking = Looking(home.store.read, good_for=0, patience=0.3)
        before = await looking.now()
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        held = [await looking.now() for _ in range(2)]
        holder.close()
        async with asyncio.timeout(20):
            while (after := await looking.now()).problem:
                pass
        return before, held, after

    before, held, after = asyncio.run(look())
    assert before.problem is None
    assert all("no answer" in each.problem for each in held)
    assert all(each.value is before.value for each in held)
    assert after.at > before.at
