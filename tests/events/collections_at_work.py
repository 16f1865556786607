"""Collections in processes of their own: `python -m tests.events.collections_at_work WHAT HOME`.

steps     one after the other, each killed a little later than the one before, until one gets
          through. Python raises events for auditors whenever a file is opened, renamed or removed,
          a folder is listed or a database is connected to: the first dies at the first of these
          that has to do with the home.
moments   some of them, each killed from outside after a short while
together  three at once

It prints how many were killed, and how many came to their end.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from titanic_assets.monitoring.events import collecting
from titanic_assets.settings import Settings

AUDITED = ("open", "os.", "sqlite3.connect", "shutil.", "pathlib.")
EVERY = 3  # of the steps; which ones differs from collection to collection


def collect(home, die_at=0):
    """A collection that is killed at that step."""
    seen = 0

    def audit(event, arguments):
        nonlocal seen
        if event.startswith(AUDITED) and any(str(home) in str(each) for each in arguments):
            seen += 1
            if seen == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    if die_at:
        sys.addaudithook(audit)
    collecting.collect(Settings(titanic_home=home))


def forked(home, die_at=0):
    pid = os.fork()
    if pid == 0:
        collect(home, die_at)
        os._exit(0)
    return pid


def ended(pid):
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def steps(home):
    die_at = 1
    while True:
        code = ended(forked(home, die_at))
        yield code
        if code != -signal.SIGKILL:
            return
        die_at += EVERY


def moments(home):
    chance = random.Random(5)  # noqa: S311 - reproducible, not secret
    for _ in range(8):
        pid = forked(home)
        time.sleep(chance.uniform(0.01, 0.12))
        os.kill(pid, signal.SIGKILL)
        yield ended(pid)


def together(home):
    yield from map(ended, [forked(home) for _ in range(3)])


if __name__ == "__main__":
    # So that a kill leaves behind what counts and what does not.
    collecting._COMMIT_SEGMENTS = 2
    codes = list(globals()[sys.argv[1]](Path(sys.argv[2])))
    print(codes.count(-signal.SIGKILL), codes.count(0))  # noqa: T201
