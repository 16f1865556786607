"""What a backup holds, where it is written, and what is said about it."""

import gzip
import os
import subprocess
import sys
import tarfile
import threading
import time

import pytest

from titanic_assets.backup.archive import new_archive, read_backup
from titanic_assets.backup.copying import Copying
from titanic_assets.backup.making import NothingToBackUp, WrongPlace, make_backup, remove_older
from titanic_assets.backup.progress import Progress
from titanic_assets.backup.reading import UnreadableStore
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.tracking.locking import held


def names_in(archive):
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_what_matters_is_in_it_and_nothing_else(lived_in, tmp_path, progress):
    archive, manifest = make_backup(lived_in.settings, tmp_path, progress)

    names = names_in(archive)
    assert names[-1] == "manifest.json"
    assert set(manifest.files) == set(names[:-1])
    assert {name.split("/")[0] for name in manifest.files} == {
        "assets", "bentoml", "dagster", "events", "features", "landing", "ledger", "mlflow",
        "predictions", "quarantine", "releases", "reports",
    }  # fmt: skip
    unwanted = (".lock", "-wal", "-shm", ".log", "/.value.json.1", "unfinished/half", ".open")
    assert [name for name in names if name.endswith(unwanted)] == []


def test_what_depends_on_another_thing_is_copied_before_it(lived_in, tmp_path, progress):
    names = names_in(make_backup(lived_in.settings, tmp_path, progress)[0])

    in_order = [
        "dagster/schedules/schedules.db",
        "dagster/history/runs.db",
        "dagster/history/runs/index.db",
        f"dagster/history/runs/{lived_in.run_id}.db",
        "releases/current.json",
        f"releases/{lived_in.live.champion}/model.onnx",
        "ledger/promotions.jsonl",
        "mlflow/mlflow.db",
        next(name for name in names if name.startswith("mlflow/artifacts/")),
        "events/collected.db",
        next(name for name in names if name.startswith("events/predictions/")),
        next(name for name in names if name.startswith("predictions/")),
    ]
    assert sorted(in_order, key=names.index) == in_order


def test_an_open_segment_is_taken_up_to_its_last_whole_line(lived_in, tmp_path, progress):
    archive, _ = make_backup(lived_in.settings, tmp_path, progress)

    with tarfile.open(archive) as tar:
        log = [name for name in tar.getnames() if name.startswith("predictions/")]
        assert log == ["predictions/2026-11-21/closed.jsonl", "predictions/2026-11-21/open.jsonl"]
        assert tar.extractfile(log[1]).read() == b'{"n": 2}\n{"n": 3}\n'


def test_it_is_taken_from_a_home_that_is_left_as_it_was(home, tmp_path, progress):
    before = home.files()
    archive, _ = make_backup(home.settings, tmp_path / "backups", progress)

    assert home.files().keys() - {"ledger/promotions.lock"} == before.keys()
    assert archive.stat().st_mode & 0o077 == 0, "it holds what callers asked"
    visible = [path for path in archive.parent.iterdir() if path.name != ".lock"]
    assert visible == [archive]


def test_a_folder_inside_the_home_is_refused(home, progress):
    with pytest.raises(WrongPlace, match="name a folder outside"):
        make_backup(home.settings, home.path / "backups", progress)


def test_a_home_that_is_not_there_is_told_from_an_empty_backup(tmp_path, progress):
    with pytest.raises(NothingToBackUp, match="is TITANIC_HOME right"):
        make_backup(Settings(titanic_home=tmp_path / "none"), tmp_path / "backups", progress)
    assert not (tmp_path / "backups").exists()


def test_a_list_that_is_still_being_written_is_left_out_and_named(home, tmp_path, said):
    settings = home.settings.model_copy(update={"landing_settle_seconds": 0.3})
    over = threading.Event()
    path = home.path / "landing" / "growing.csv"

    def grow():
        while not over.is_set():
            with path.open("a") as file:
                file.write("half a list\n")
            time.sleep(0.02)

    writing = threading.Thread(target=grow)
    writing.start()
    try:
        _, manifest = make_backup(settings, tmp_path / "backups", Progress(said.append))
    finally:
        over.set()
        writing.join()

    assert manifest.left_out == ("landing/growing.csv",)
    assert "landing/list.csv" in manifest.files
    assert any("still being written: landing/growing.csv" in line for line in said)


@pytest.mark.parametrize(
    ("lock", "file"),
    [
        ("releases/.lock", "releases/current.json"),
        ("bentoml/.lock", "bentoml/bentos/titanic_survival/latest"),
        ("ledger/promotions.lock", "ledger/promotions.jsonl"),
    ],
)
def test_whoever_is_at_work_is_waited_for_and_named(home, tmp_path, said, lock, file):
    home.write(file, "half done")
    held_now, over = threading.Event(), threading.Event()

    def work():
        with held(home.path / lock):
            held_now.set()
            over.wait(20)
            home.write(file, "done")

    def say(line):
        said.append(line)
        if "waiting for" in line:
            over.set()

    working = threading.Thread(target=work)
    working.start()
    held_now.wait(20)
    archive, _ = make_backup(home.settings, tmp_path / "backups", Progress(say, every_seconds=0.1))
    working.join()

    assert any(f"waiting for {home.path / lock}" in line for line in said)
    with tarfile.open(archive) as tar:
        assert tar.extractfile(file).read() == b"done"


def test_a_segment_that_is_closed_just_then_is_taken_whole(home, tmp_path):
    closed = home.write("predictions/2026-11-21/a.jsonl", '{"n": 1}\n')

    with new_archive(tmp_path / "archive") as writer:
        Copying(home.path, writer, tmp_path).segment(closed.with_name("a.jsonl.open"))

    assert names_in(tmp_path / "archive") == ["predictions/2026-11-21/a.jsonl"]


def test_stores_elsewhere_are_named_without_their_password(home, tmp_path, progress):
    settings = home.settings.model_copy(
        update={
            "titanic_tracking_uri": "postgresql://ann:secret@db/mlflow",
            "prediction_log_uri": "s3://bucket/log",
        }
    )

    _, manifest = make_backup(settings, tmp_path / "backups", progress)

    mlflow, log = manifest.elsewhere
    assert "MLflow's store is postgresql://db/mlflow" in mlflow
    assert "the prediction log is s3://bucket/log" in log
    assert "secret" not in manifest.to_json().decode()


def test_a_store_inside_the_home_is_not_elsewhere(home, tmp_path, progress):
    database = home.places.mlflow / "other.db"
    settings = home.settings.model_copy(update={"titanic_tracking_uri": f"sqlite:///{database}"})

    assert make_backup(settings, tmp_path, progress)[1].elsewhere == ()


def test_lists_that_links_lead_to_are_in_it_once(home, tmp_path, progress):
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "linked.csv").write_text("a,b\n")
    (home.path / "landing" / "more").symlink_to(lists)
    (lists / "round").symlink_to(lists)

    _, manifest = make_backup(home.settings, tmp_path / "backups", progress)

    assert "landing/more/linked.csv" in manifest.files
    assert not any("round" in name for name in manifest.files)


def test_a_damaged_database_ends_it_is_named_and_leaves_no_backup(home, tmp_path, progress):
    home.write("mlflow/mlflow.db", "SQLite format 3\0 and then something else")

    with pytest.raises(UnreadableStore, match=r"mlflow\.db .*is it damaged"):
        make_backup(home.settings, tmp_path / "backups", progress)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]


def test_what_a_killed_one_left_is_removed(home, tmp_path, progress):
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "titanic-2026.tar.gz").write_text("half")

    make_backup(home.settings, tmp_path, progress)

    assert not (tmp_path / ".unfinished").exists()


def test_older_ones_go_and_other_files_stay(home, tmp_path, progress):
    (tmp_path / "titanic-notes.txt").touch()
    made = [make_backup(home.settings, tmp_path, progress)[0] for _ in range(3)]

    assert remove_older(tmp_path, keep=2) == made[:1]
    assert [path.exists() for path in made] == [False, True, True]
    assert (tmp_path / "titanic-notes.txt").exists()


def test_the_program_says_what_it_did_and_where_the_file_is(home, tmp_path):
    def ran(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "titanic_assets.backup", *map(str, arguments)],
            cwd=CHECKOUT,
            env={"PATH": os.defpath, "TITANIC_HOME": str(home.path), "LANDING_SETTLE_SECONDS": "0"},
            capture_output=True,
            text=True,
            check=False,
        )

    made = ran("make", "--to", tmp_path / "backups", "--keep", 1)
    assert made.returncode == 0, made.stderr
    (archive,) = (tmp_path / "backups").glob("*.tar.gz")
    assert str(archive) in made.stdout

    checked = ran("check", archive)
    assert checked.returncode == 0, checked.stderr
    assert f"3 files of {home.path} as they were at" in checked.stdout

    again = ran("restore", archive)
    assert again.returncode == 1
    assert f"{home.path} is not empty (" in again.stderr

    nothing = ran("restore", "")
    assert nothing.returncode == 2
    assert "make restore FROM=file" in nothing.stderr


def test_the_whole_of_it_is_read_back(home, tmp_path, progress, said):
    archive, manifest = make_backup(home.settings, tmp_path, progress)

    assert any("checked: " in line for line in said)
    assert read_backup(archive) == manifest
    with gzip.open(archive) as file:
        assert len(file.read()) % 512 == 0
