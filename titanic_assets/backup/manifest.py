"""What a backup says of itself: when and of which home it was made, and each file's digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

MANIFEST = "manifest.json"
FORMAT = 1


class BrokenBackup(ValueError):
    """A file that is no backup, or not the one that was written."""


@dataclass(frozen=True)
class FileFacts:
    """A file's size and the SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The last member of a backup; without it, the backup was not finished."""

    made: datetime
    # Where the home was: stores that hold absolute paths are told the new place by it.
    home: str
    code_revision: str
    # Stores that lie somewhere else, and files that could not be taken, in words.
    elsewhere: tuple[str, ...]
    left_out: tuple[str, ...]
    files: Mapping[str, FileFacts]

    @property
    def size(self) -> int:
        """What the files take, unpacked."""
        return sum(file.size for file in self.files.values())

    def to_json(self) -> bytes:
        """As the text of the last member."""
        content = asdict(self) | {"format": FORMAT, "made": self.made.isoformat()}
        return json.dumps(content, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read it; raises `BrokenBackup` when it says something else than a manifest does."""
        try:
            content = json.loads(text)
            _require_known(content["format"], content["code_revision"])
            return cls(
                made=datetime.fromisoformat(content["made"]),
                home=str(content["home"]),
                code_revision=str(content["code_revision"]),
                elsewhere=tuple(content["elsewhere"]),
                left_out=tuple(content["left_out"]),
                files={name: FileFacts(**facts) for name, facts in content["files"].items()},
            )
        except BrokenBackup:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise BrokenBackup(f"its {MANIFEST} cannot be read ({error!r})") from None


def _require_known(found: int, revision: str) -> None:
    if found != FORMAT:
        raise BrokenBackup(
            f"it has format {found}, and this code knows {FORMAT}: restore it with revision "
            f"{revision} of the project, which made it"
        )
