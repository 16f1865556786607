"""What lands starts one run, once, whatever it is called; what is half written starts none."""

import os
import time

import dagster as dg
import pytest

from tests.ingestion.passenger_lists import KAGGLE
from titanic_assets.automation.landing import (
    LandingCursor,
    LandingUnreadable,
    decide_landing,
    landing_sensor,
    take_digests,
)
from titanic_assets.sources.landed import LandedFile, Landing, landing_files


def a_landing(tmp_path, **names_and_digests):
    """A landing folder as the sensor sees it, with the digests of its files."""
    files = tuple(LandedFile(tmp_path / f"{name}.csv", 1, 1) for name in names_and_digests)
    digests = {
        (file.name, 1, 1): digest
        for file, digest in zip(files, names_and_digests.values(), strict=True)
    }
    return Landing(complete=files), digests


def decide(landing, digests, cursor=None):
    return decide_landing(landing, digests, cursor or LandingCursor())


def test_nothing_landed_starts_nothing():
    decision = decide(Landing(), {})
    assert (decision.run_key, decision.reason) == (None, "nothing has landed")


def test_all_new_contents_start_one_run(tmp_path):
    decision = decide(*a_landing(tmp_path, a="d1", b="d2"))
    assert decision.run_key.startswith("landing-")
    assert decision.new == {"a.csv": "d1", "b.csv": "d2"}
    assert decision.cursor.seen == {"d1", "d2"}


def test_what_has_been_seen_starts_nothing_whatever_it_is_called(tmp_path):
    first = decide(*a_landing(tmp_path, a="d1"))
    second = decide(*a_landing(tmp_path, a="d1", renamed="d1"), first.cursor)
    assert second.run_key is None
    assert second.reason == "2 lists trained on or refused before"


def test_new_content_beside_old_starts_a_run_of_its_own(tmp_path):
    first = decide(*a_landing(tmp_path, a="d1"))
    second = decide(*a_landing(tmp_path, a="d1", b="d2"), first.cursor)
    assert second.new == {"b.csv": "d2"}
    assert second.run_key != first.run_key


def test_new_content_under_an_old_name_starts_a_run(tmp_path):
    first = decide(*a_landing(tmp_path, a="d1"))
    assert decide(*a_landing(tmp_path, a="d2"), first.cursor).new == {"a.csv": "d2"}


def test_content_that_went_and_came_back_starts_nothing(tmp_path):
    first = decide(*a_landing(tmp_path, a="d1"))
    gone = decide(Landing(), {}, first.cursor)
    assert decide(*a_landing(tmp_path, a="d1"), gone.cursor).run_key is None


def test_after_a_wiped_cursor_the_run_key_is_that_of_the_run_there_was(tmp_path):
    first = decide(*a_landing(tmp_path, a="d1", b="d2"))
    assert decide(*a_landing(tmp_path, c="d2", d="d1")).run_key == first.run_key


def test_no_run_is_started_before_all_digests_are_taken(tmp_path):
    landing, digests = a_landing(tmp_path, a="d1", b="d2")
    del digests["b.csv", 1, 1]
    decision = decide(landing, digests)
    assert decision.run_key is None
    assert "1 file still being digested" in decision.reason
    assert decision.cursor.digests == digests


def test_the_reason_names_what_is_not_ready():
    landing = Landing(unsettled=("a.csv",), strangers=("b.xlsx", "c"))
    assert decide(landing, {}).reason == (
        "1 file still being written; 2 items neither CSV nor Parquet"
    )


def test_a_cursor_survives_being_stored(tmp_path):
    cursor = decide(*a_landing(tmp_path, a="d1")).cursor
    assert LandingCursor.from_text(cursor.to_text()) == cursor


@pytest.mark.parametrize("text", [None, "", "x", "[]", '{"seen": []}', '{"seen": 1, "files": []}'])
def test_a_cursor_that_is_none_is_a_fresh_one(text):
    assert LandingCursor.from_text(text) == LandingCursor()


def test_files_are_complete_once_nothing_touches_them(tmp_path):
    (tmp_path / "old.csv").write_text(KAGGLE)
    os.utime(tmp_path / "old.csv", (0, 0))  # a copy that kept its age has arrived just now
    now = time.time()
    assert landing_files(tmp_path, 3, now).unsettled == ("old.csv",)
    assert [file.name for file in landing_files(tmp_path, 3, now + 4).complete] == ["old.csv"]


def test_a_time_of_modification_in_the_future_holds_nothing_up(tmp_path):
    (tmp_path / "a.csv").write_text(KAGGLE)
    os.utime(tmp_path / "a.csv", (2**32, 2**32))
    assert [file.name for file in landing_files(tmp_path, 3, time.time() + 4).complete] == ["a.csv"]


def test_drafts_folders_and_strangers_are_no_lists(tmp_path):
    for name in (".a.csv", "~b.csv", "c.csv.part", "d.tmp", "e.xlsx"):
        (tmp_path / name).write_text(KAGGLE)
    (tmp_path / "f.csv").mkdir()
    (tmp_path / "g.csv").symlink_to(tmp_path / "gone")
    landing = landing_files(tmp_path, 0, time.time() + 1)
    assert landing.complete == landing.unsettled == ()
    assert landing.strangers == ("c.csv.part", "d.tmp", "e.xlsx", "f.csv", "g.csv", "~b.csv")


def test_a_folder_that_does_not_exist_has_nothing_in_it(tmp_path):
    assert landing_files(tmp_path / "none", 0, time.time()) == Landing()


def test_digests_are_taken_anew_only_of_what_changed(tmp_path):
    (tmp_path / "a.csv").write_text(KAGGLE)
    (file,) = landing_files(tmp_path, 0, time.time() + 1).complete
    traits = (file.name, file.size, file.changed_ns)
    known = LandingCursor(digests={traits: "known"})
    assert take_digests((file,), known) == {traits: "known"}
    assert len(take_digests((file,), LandingCursor())[traits]) == 64


def test_a_file_that_vanishes_before_its_digest_is_taken_is_passed_over(tmp_path):
    assert take_digests((LandedFile(tmp_path / "gone.csv", 1, 1),), LandingCursor()) == {}


@pytest.fixture
def tick(home):
    """Evaluate the sensor as the daemon does: on an instance, with the cursor of the last tick."""
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = None

        def evaluate():
            nonlocal cursor
            with dg.build_sensor_context(
                instance=instance, cursor=cursor, resources={"settings": home}
            ) as context:
                found = landing_sensor.evaluate_tick(context)
                cursor = found.cursor
            return found

        yield evaluate


def test_the_sensor_starts_training_once_per_content(home, tick):
    assert tick().skip_message == "nothing has landed"
    (home.places.landing / "a.csv").write_text(KAGGLE)
    (request,) = tick().run_requests
    assert request.tags["titanic/landed"] == "a.csv"
    assert "dagster/max_retries" not in request.tags
    assert tick().run_requests == []
    (home.places.landing / "a.csv").rename(home.places.landing / "b.csv")
    assert tick().skip_message == "1 list trained on or refused before"


def test_lists_that_land_together_are_tried_again_without_a_refused_one(home, tick):
    for number in range(50):
        (home.places.landing / f"a rather long name {number}.csv").write_text(KAGGLE + str(number))
    (request,) = tick().run_requests
    assert request.tags["dagster/max_retries"] == "2"
    assert request.tags["dagster/retry_strategy"] == "ALL_STEPS"
    assert all(len(value) <= 255 for value in request.tags.values())


def test_a_folder_that_cannot_be_read_fails_the_tick_and_leaves_the_cursor(home, tick):
    (home.places.landing / "a.csv").write_text(KAGGLE)
    assert len(tick().run_requests) == 1
    home.places.landing.rename(home.places.home / "away")
    home.places.landing.write_text("a file in the folder's place")
    with pytest.raises(LandingUnreadable, match=r"landing .*Not a directory"):
        tick()
    home.places.landing.unlink()
    (home.places.home / "away").rename(home.places.landing)
    assert tick().skip_message == "1 list trained on or refused before"


def test_the_sensor_is_on_by_default_and_names_its_job():
    assert landing_sensor.job_name == "training_job"
    assert landing_sensor.minimum_interval_seconds == 5
    assert landing_sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert landing_sensor.description
