"""`python -m tests.graph.killed_runs STEP...`: runs of bundle_job, each killed at a step of it.

The process tells of each run that is over by a line, and goes on when it is given one. What a run
does shows in the events that Python raises for auditors, so nothing of it knows of the killing.
The last run, by the name of `none`, is left alone.
"""

import os
import signal
import sys
import threading
import time
from functools import partial

import dagster as dg
import mlflow  # noqa: F401 - once, and not in every run

from titanic_assets.definitions import define
from titanic_assets.settings import load_settings


def copying(event, arguments):
    return event == "shutil.copyfile" and str(arguments[1]).endswith("requirements/serving.txt")


def proving(event, arguments):
    return event == "urllib.Request" and arguments[0].endswith("/api/v1/predict")


def between_model_and_bento(event, arguments):
    return event == "os.rename" and "/bentoml/bentos/" in str(arguments[1])


def between_publishing_and_current(event, arguments):
    return event == "os.rename" and str(arguments[1]).endswith("/releases/current.json")


def waiting_for_the_service(event, arguments):
    return event == "urllib.Request" and arguments[0].endswith("/api/v1/health")


def die():
    # Only the run itself: what it has started goes on, as it does when memory runs out.
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(step, event, arguments):
    if step(event, arguments):
        die()


def die_while_building(store):
    while not (store / "unfinished" / "home" / "bentos").exists():
        time.sleep(0.01)
    die()


def run(step):
    settings = load_settings()
    if step == "building":
        threading.Thread(target=die_while_building, args=[settings.places.bentoml]).start()
    elif step != "none":
        sys.addaudithook(partial(die_at, globals()[step]))
    job = define(settings).resolve_job_def("bundle_job")
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(instance=instance).success


def main(steps):
    for step in steps:
        pid = os.fork()
        if pid == 0:
            os._exit(0 if run(step) else 1)
        _, status = os.waitpid(pid, 0)
        print(f"{step}: {os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1:])
