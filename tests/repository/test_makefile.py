import os
import re
import shutil
import subprocess

import pytest

from titanic_assets.demo.home import make_anew
from titanic_assets.settings import CHECKOUT
from titanic_assets.stack.only_one import the_only_one

MAKEFILE = (CHECKOUT / "Makefile").read_text()
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()


def make(*arguments, folder=CHECKOUT, **environment):
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the make targets stand on, in a folder with a blank in its name."""
    copy = tmp_path / "a checkout"
    shutil.copytree(CHECKOUT / "requirements", copy / "requirements")
    shutil.copy(CHECKOUT / "Makefile", copy)
    return copy


def test_make_alone_lists_every_target():
    listed = make().stdout

    targets = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^make ([a-z-]+) ", listed, re.MULTILINE) == targets
    assert sorted(TARGETS) == sorted(targets)


def test_promote_wants_to_know_which_version():
    done = make("promote")
    assert done.returncode != 0
    assert "which version? make promote VERSION=4" in done.stderr


def test_clean_removes_what_was_made_and_keeps_what_cannot_be_made_again(checkout, tmp_path):
    home = tmp_path / "home"
    made, sent = ("mlflow", "dagster", "assets", "events"), ("landing", "predictions")
    for name in (*made, *sent, "quarantine", "ledger"):
        (home / name).mkdir(parents=True)
        (home / name / "file").touch()
    (home / "running.json").touch()
    (checkout / ".venv" / "bin").mkdir(parents=True)

    done = make("clean", folder=checkout, TITANIC_HOME=str(home))

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in home.iterdir()) == [
        "landing", "ledger", "predictions", "quarantine",
    ]  # fmt: skip
    assert not (checkout / ".venv").exists()
    assert "kept" in done.stdout


def test_clean_leaves_a_folder_alone_where_make_run_has_never_been(checkout, tmp_path):
    (tmp_path / "logs").mkdir()

    assert make("clean", folder=checkout, TITANIC_HOME=str(tmp_path)).returncode == 0
    assert (tmp_path / "logs").exists()


def test_clean_removes_the_demo_and_nothing_else_of_that_name(checkout, tmp_path):
    demo, other = tmp_path / "home-demo", tmp_path / "other-demo"
    make_anew(demo, "http://here")
    other.mkdir()

    assert make("clean", folder=checkout, TITANIC_HOME=str(tmp_path / "home")).returncode == 0
    assert make("clean", folder=checkout, TITANIC_HOME=str(tmp_path / "other")).returncode == 0
    assert not demo.exists()
    assert other.exists()


def test_clean_finds_the_home_in_the_settings_file(checkout, tmp_path):
    home = tmp_path / "home"
    (home / "mlflow").mkdir(parents=True)
    (home / "running.json").touch()
    (checkout / ".env").write_text(f"UI_PORT=3001\nTITANIC_HOME={home}\n")

    assert make("clean", folder=checkout).returncode == 0
    assert not home.exists()


def test_clean_does_not_pull_the_ground_from_under_a_running_stack(checkout, tmp_path):
    (tmp_path / "mlflow").mkdir()
    with the_only_one(tmp_path, "http://here"):
        done = make("clean", folder=checkout, TITANIC_HOME=str(tmp_path))

    assert done.returncode != 0
    assert "still running" in done.stderr
    assert (tmp_path / "mlflow").exists()
