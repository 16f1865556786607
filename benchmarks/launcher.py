"""Runs one command and writes down what it cost: `python -IS launcher.py COSTS COMMAND...`.

Linux counts the memory of whoever starts a process towards the peak of the process, so the one
that starts it has to be small: this file imports next to nothing.
"""

import os
import sys
import time

if __name__ == "__main__":
    costs, *command = sys.argv[1:]
    started = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, ended, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    with open(costs, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib is not next to nothing
        file.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
    sys.exit(os.waitstatus_to_exitcode(ended))
