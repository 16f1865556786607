"""Backups taken while others promote, publish and write, without any of them being stopped."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.backup.homes import Home
from titanic_assets.backup.making import make_backup
from titanic_assets.backup.progress import Progress
from titanic_assets.backup.restoring import restore
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.tracking.ledger import PromotionLedger
from titanic_assets.tracking.registry import Registry
from titanic_model.published import read_current
from titanic_model.release import read_release

BACKUPS = 2


@pytest.fixture
def busy(tmp_path, migrated_store):
    home = Home(tmp_path / "home")
    for folder in (home.places.mlflow, home.places.feature_store, home.places.prediction_log):
        folder.mkdir(parents=True)
    (home.places.prediction_log / "2026-11-21").mkdir()
    (home.places.mlflow / "mlflow.db").write_bytes(migrated_store.read_bytes())
    with closing(sqlite3.connect(home.places.feature_store / "online.db")) as database, database:
        database.execute("CREATE TABLE purses (name TEXT, coins INTEGER)")
        database.execute("INSERT INTO purses VALUES ('left', 1000000), ('right', 0)")
        database.execute("CREATE TABLE filling (content BLOB)")
    at_work = [
        subprocess.Popen(
            [sys.executable, Path(__file__).with_name("at_work.py"), what, home.path],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for what in ("promoting", "writing")
    ]
    try:
        for process in at_work:
            assert process.stdout.readline(), f"{process.args} ended"
        yield home, at_work
    finally:
        for process in at_work:
            process.kill()
            process.wait()
            process.stdout.close()


def test_each_part_of_a_backup_fits_the_others(busy, tmp_path):
    home, at_work = busy

    def promote_once_more(line):
        """Between any two parts."""
        if not line.endswith("…"):
            at_work[0].stdout.readline()

    backups = []
    for _ in range(BACKUPS):
        coins = coins_moved(home.places)
        progress = Progress(promote_once_more)
        backups.append((make_backup(home.settings, tmp_path / "backups", progress)[0], coins))
    assert [process.poll() for process in at_work] == [None, None]

    champions = [
        require_consistent(backup, tmp_path / backup.name, coins) for backup, coins in backups
    ]
    assert champions == sorted(set(champions)), "each is of a later state"


def coins_moved(places):
    with closing(sqlite3.connect(places.feature_store / "online.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT sum(coins) FROM purses").fetchone() == (1_000_000,)
        return database.execute("SELECT coins FROM purses WHERE name = 'right'").fetchone()[0]


def require_consistent(backup, home, coins):
    """Restore it and look at everything; returns the champion of then."""
    restore(backup, home, Progress(print))
    settings = Settings(titanic_home=home)
    places = settings.places
    registry = Registry(settings.tracking_uri)
    ledger = PromotionLedger(places.ledger).read()
    champion = registry.version_at("champion")

    # Ledger and registry tell of the same promotion, and none is half done.
    assert ledger.unreadable == ()
    assert ledger.events[-1].to_version == champion.version
    assert not places.ledger.with_suffix(".intended.json").exists()

    # What is live is there, and known to the registry.
    live = read_release(places.releases / read_current(places.releases).champion)
    assert registry.version(int(live.metadata.version)).digest == live.model_digest

    # What the registry knows can be fetched.
    release = registry.fetch_release(champion, home / "fetched")
    assert read_release(release).model_digest == champion.digest

    # What was committed before is there, although it may still be in SQLite's log.
    assert coins_moved(places) >= coins

    # Not one of the logged lines is missing in between, there twice, or torn.
    lines = [
        json.loads(line)["n"]
        for segment in places.prediction_log.rglob("*.jsonl")
        for line in segment.read_text().splitlines()
    ]
    assert sorted(lines) == list(range(1, len(lines) + 1))
    return champion.version
