"""However often collecting is killed, and however many do it at once: no event twice, none lost."""

import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.events.conftest import NOON, predictions
from tests.prediction_log.lines import an_outcome
from titanic_assets.monitoring.events.manifest import BrokenManifest, Manifest
from titanic_assets.monitoring.events.writing import remove_left_overs


def a_log(home, segments, each):
    """Segments of two days with predictions and outcomes, and one with something bad in it."""
    for n in range(segments):
        first = n * each
        lines = predictions(first, each, every=1.5)
        lines += [an_outcome(NOON + first * 1.5 + 7, request_id=str(first))]
        if n == 2:
            lines += [b"{}\n"]
        home.segment(f"12:{n // 60:02}:{n % 60:02}", lines)
    return [str(n) for n in range(segments * each)]


def collections(what, home):
    """How many of them were killed, and how many came to their end."""
    command = [sys.executable, "-m", "tests.events.collections_at_work", what]
    done = subprocess.run(
        [*command, str(home.places.home)], check=True, capture_output=True, text=True
    )
    return tuple(map(int, done.stdout.split()))


def test_killed_at_every_step_nothing_is_collected_twice_and_nothing_lost(home):
    asked = a_log(home, 5, 10)

    killed, ended = collections("steps", home)

    assert killed > 10
    assert ended == 1
    # No file that the killed ones left is there, and what is in quarantine is there whole.
    assert remove_left_overs(home.places.events) == 0
    assert home.collect().segments == 0
    assert home.asked() == asked
    assert sum(len(batch) for batch in home.store.outcomes()) == 5
    (refused,) = (home.places.quarantine / "predictions").glob("[!.]*")
    assert {path.name for path in refused.iterdir()} == {"record.json", "lines.jsonl"}


def test_killed_from_outside_at_any_moment_nothing_is_collected_twice_and_nothing_lost(home):
    asked = a_log(home, 60, 300)
    killed, _ = collections("moments", home)
    assert killed > 1
    home.collect()
    assert home.asked() == asked
    assert remove_left_overs(home.places.events) == 0


def test_collections_at_once_take_turns(home):
    asked = a_log(home, 30, 100)
    assert collections("together", home) == (0, 3)
    assert home.collect().segments == 0
    assert home.asked() == asked


def test_a_segment_cannot_be_entered_twice(home):
    """Even if two collections did not take turns, the second would come to nothing."""
    home.segment("12:00:00", predictions(0, 3))
    home.collect()
    manifest = Manifest(home.places.events)
    (known,) = manifest.names(0).values()
    with pytest.raises(sqlite3.IntegrityError):
        manifest.enter([], [], [manifest.segment(known.digest)], [])
    assert home.asked() == ["0", "1", "2"]


def test_a_damaged_manifest_says_what_to_do_and_then_all_is_made_again(home):
    home.segment("12:00:00", predictions(0, 3))
    home.collect()
    (home.places.events / "collected.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(BrokenManifest, match="remove that folder"):
        home.collect()
    shutil.rmtree(home.places.events)
    home.collect()
    assert home.asked() == ["0", "1", "2"]


def test_files_that_no_manifest_names_do_not_count_and_are_removed(home):
    home.segment("12:00:00", predictions(0, 3))
    home.collect()
    (path,) = home.files()
    (path.parent / "killed-1.parquet").write_bytes(path.read_bytes())
    assert home.asked() == ["0", "1", "2"]
    home.collect()
    assert home.files() == [path]
