"""The digest by which a list is known, whatever it is called and wherever it lies."""

import hashlib
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def content_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def identify(path: Path) -> str:
    """The digest of a file's content, or a stand-in when the file cannot be opened.

    The stand-in changes with the file's name, size, owner or mode, so that a refusal of what could
    not be opened stands until somebody does something about it. FileNotFoundError when it is gone.
    """
    try:
        return content_digest(path)
    except FileNotFoundError:
        raise
    except OSError:
        found = path.stat()
        traits = f"{path.name}|{found.st_size}|{found.st_ctime_ns}"
        return "unopened-" + hashlib.sha256(traits.encode()).hexdigest()[:40]
