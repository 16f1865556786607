"""The page at `/ui`, as bytes that are ready to be sent.

The files beside this module are served as they lie here: there is no build step and no template.
Which headers go with them, and who may see them, is for those who serve them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

PAGE = "/ui"

_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page. The ETag, with its quotes, changes whenever the content does."""

    body: bytes
    content_type: bytes
    etag: bytes


def _read() -> dict[str, PageFile]:
    files = {}
    for path in sorted(Path(__file__).parent.iterdir()):
        content_type = _TYPES.get(path.suffix)
        if content_type is None:
            continue
        body = path.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
        place = PAGE if path.name == "index.html" else f"{PAGE}/{path.name}"
        files[place] = PageFile(body, content_type, etag)
    return files


# By the path that each is served under. The page names its parts relative to its own address, so
# it also works behind a proxy that puts something before all paths.
PAGE_FILES: dict[str, PageFile] = _read()
