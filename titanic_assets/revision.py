"""Which code made this: the commit, or a digest of the sources where there is no git."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

_SOURCES = ("titanic_model", "expectations", "titanic_assets")


def code_revision(checkout: Path) -> str:
    """The commit checked out, `-dirty` if files differ from it, or `sources-` and a digest."""
    try:
        commit = _git(checkout, "rev-parse", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return f"sources-{_digest(checkout)[:16]}"
    return f"{commit}-dirty" if changed else commit


def _git(checkout: Path, *arguments: str) -> str:
    # A checkout that lies in somebody else's repository must not be taken for it.
    command = ["git", "--git-dir", str(checkout / ".git"), "--work-tree", str(checkout)]
    done = subprocess.run(  # noqa: S603 - fixed words and a path of our own
        [*command, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _digest(checkout: Path) -> str:
    digest = hashlib.sha256()
    for package in _SOURCES:
        for path in sorted((checkout / package).rglob("*.py")):
            digest.update(str(path.relative_to(checkout)).encode() + path.read_bytes())
    return digest.hexdigest()
