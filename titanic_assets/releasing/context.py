"""The files a bento is built from, copied aside: `bentoml build` then sees those and nothing else.

So the build is as quick beside a large home as beside none, and what is packed cannot change while
it is being packed.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

BENTOFILE = "bentofile.yaml"


@dataclass(frozen=True)
class BuildContext:
    """A folder with the bentofile and what it names."""

    folder: Path
    packed: tuple[Path, ...]

    @property
    def digest(self) -> str:
        """The identity of the code and of what it is to be installed with."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                name = path.relative_to(self.folder).as_posix()
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def copy_context(checkout: Path, into: Path) -> BuildContext:
    """Copy what the checkout's bentofile names to an empty folder."""
    options = yaml.safe_load((checkout / BENTOFILE).read_text())
    packed = sorted(
        {
            path.relative_to(checkout)
            for pattern in options["include"]
            for path in checkout.glob(pattern)
            if path.is_file() and "__pycache__" not in path.parts
        }
    )
    for path in (Path(BENTOFILE), Path(options["python"]["requirements_txt"]), *packed):
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / path, into / path)
    return BuildContext(into, tuple(packed))
