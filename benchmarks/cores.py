"""Which processor core does what: the servers have one for themselves, their clients another.

Where a process cannot be bound to a core, all share all, and `PINNED` says so.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
PINNED = len(_CORES) > 1
SERVER, CLIENT = _CORES[:1], _CORES[1:]
HOW = (
    "Servers run on one core, clients on another."
    if PINNED
    else "This machine has no core for each, so that servers and clients are in each other's way."
)


@contextmanager
def children_on(cores: list[int]) -> Iterator[None]:
    """Processes that are started in here run on these cores, and so do their own."""
    if sys.platform != "linux" or not PINNED:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
