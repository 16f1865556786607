import subprocess
import sys
from pathlib import Path

from titanic_assets.settings import CHECKOUT


def test_imports_only_point_down():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [lint, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
