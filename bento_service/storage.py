"""The places that settings name: a folder on this machine, or storage that fsspec reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Whoever uses it tries again in its own time. S3's own attempts, and its patience of a minute
# each, would hide for long that it is gone.
_S3: dict[str, Any] = {
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 15, "retries": {"max_attempts": 0}}
}
_OPTIONS = {"s3": _S3, "s3a": _S3}


def folder_of(place: str) -> Path | None:
    """The folder on this machine that it is; None where it is a URL of storage elsewhere."""
    protocol, is_url, rest = place.partition("://")
    if is_url and protocol != "file":
        return None
    return Path(rest if is_url else place).expanduser()


def open_storage(url: str, **options: Any) -> tuple[Any, str]:
    """Its file system, as fsspec has it, and the path in that; nothing is asked yet."""
    import fsspec

    # A file system of its own: those that fsspec keeps may have been made with other options.
    filesystem, root = fsspec.url_to_fs(
        url, skip_instance_cache=True, **_OPTIONS.get(url.partition("://")[0], {}), **options
    )
    return filesystem, root.rstrip("/")


def missing_storage(place: str) -> str | None:
    """Why nothing here could ever reach it; None where that is not so."""
    if folder_of(place) is not None:
        return None
    import fsspec

    try:
        fsspec.get_filesystem_class(place.partition("://")[0])
    except (ImportError, ValueError) as error:
        return str(error)
    return None
