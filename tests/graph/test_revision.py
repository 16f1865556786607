"""Which code made a model."""

import subprocess

from titanic_assets.revision import code_revision


def git(folder, *arguments):
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def a_checkout(folder):
    (folder / "titanic_model").mkdir(parents=True)
    (folder / "titanic_model" / "a.py").write_text("A = 1\n")
    return folder


def test_a_checkout_is_named_by_its_commit_and_by_what_differs_from_it(tmp_path):
    checkout = a_checkout(tmp_path)
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "first")
    commit = git(checkout, "rev-parse", "HEAD")
    assert code_revision(checkout) == commit
    (checkout / "titanic_model" / "a.py").write_text("A = 2\n")
    assert code_revision(checkout) == f"{commit}-dirty"


def test_a_tarball_is_named_by_its_sources_even_inside_another_repository(tmp_path):
    git(tmp_path, "init", "-q")
    checkout = a_checkout(tmp_path / "unpacked")
    before = code_revision(checkout)
    assert before.startswith("sources-")
    (checkout / "titanic_model" / "a.py").write_text("A = 2\n")
    assert code_revision(checkout) not in {before, ""}
