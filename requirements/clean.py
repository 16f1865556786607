"""Removes what the make targets made: `make clean`.

Never touched are landing/, quarantine/, the prediction log and the promotion ledger: those cannot
be made again. What `make demo-drift` made goes as a whole. Needs nothing but a Python.
"""

import fcntl
import os
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = ("landing", "quarantine", "predictions", "ledger")
RUNNING = "running.json"
# Named one by one, so that a home set to a folder full of other things loses none of them.
OURS = (
    "assets", "bentoml", "dagster", "events", "features", "logs", "mlflow", "releases", "reports",
    RUNNING,
)  # fmt: skip
OF_THE_DEMO = "made-by-the-demo"
CACHES = (
    ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis",
)  # fmt: skip


def main():
    """Remove it, unless a stack is running on it."""
    home = the_home()
    demo = home.rstrip(os.sep) + "-demo"
    for each in (home, demo):
        if is_running(each):
            sys.exit("`make run` is still running on %s; stop it first" % each)
    if os.path.exists(os.path.join(demo, OF_THE_DEMO)):
        remove(demo)
    # Where `make run` has never been, a folder called logs is somebody else's.
    if os.path.exists(os.path.join(home, RUNNING)):
        for name in OURS:
            remove(os.path.join(home, name))
        if not os.listdir(home):
            os.rmdir(home)
    remove_caches()
    kept = [name for name in KEPT if os.path.exists(os.path.join(home, name))]
    if kept:
        print("kept in %s: %s" % (home, ", ".join(kept)))


def remove_caches():
    """Remove what tools left in the checkout, and what Python compiled."""
    for name in CACHES:
        remove(os.path.join(ROOT, name))
    for name in os.listdir(ROOT):
        if name == ".coverage" or name.startswith(".coverage."):
            remove(os.path.join(ROOT, name))
    for folder, folders, _ in os.walk(ROOT):
        folders[:] = [name for name in folders if name != ".git"]
        if "__pycache__" in folders:
            remove(os.path.join(folder, "__pycache__"))


def the_home():
    """TITANIC_HOME, as `make run` would have it."""
    home = os.environ.get("TITANIC_HOME") or in_dotenv("TITANIC_HOME") or ".titanic"
    return os.path.join(ROOT, os.path.expanduser(home))


def in_dotenv(name):
    """A setting in .env."""
    try:
        with open(os.path.join(ROOT, ".env")) as lines:
            for line in lines:
                key, _, value = line.strip().partition("=")
                if key.replace("export ", "").strip() == name:
                    return value.strip().strip("'\"")
    except (IOError, OSError):
        pass
    return None


def is_running(home):
    """Whether a stack holds this home."""
    try:
        with open(os.path.join(home, RUNNING)) as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError) as error:
        return isinstance(error, BlockingIOError)
    return False


def remove(path):
    """Remove a file or a folder, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


if __name__ == "__main__":
    main()
