"""An environment as the service is deployed in: the serving lock and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import BenchmarkFailed
from titanic_assets.settings import CHECKOUT

_LOCKS = CHECKOUT / "requirements"


def serving_python(folder: Path) -> Path:
    """Its Python, installed under this folder unless it is there.

    By the project's own installer, which makes an environment beside the folder it lies in.
    """
    requirements = folder / "requirements"
    requirements.mkdir(parents=True, exist_ok=True)
    for name in ("install.py", "installer.txt", "serving.txt"):
        shutil.copy(_LOCKS / name, requirements / name)
    done = subprocess.run(
        [sys.executable, str(requirements / "install.py"), "serving"],
        env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkFailed(f"the serving environment cannot be made:\n{done.stdout[-2000:]}")
    return folder / ".venv" / "bin" / "python"
