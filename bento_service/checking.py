"""Finds out before any worker starts which settings none of them could start with.

A worker that cannot start is started again and again, each time with a long trace in the log.
"""

from __future__ import annotations

from bento_service.guard.callers import make_callers
from bento_service.guard.cross_origin import CrossOrigin
from bento_service.guard.rate_limits import limits_of
from bento_service.guard.redis_counts import RedisCounts
from bento_service.settings import Settings, WrongSetting


def checked(settings: Settings) -> Settings:
    """The same settings; raises `WrongSetting` if there is no starting with them."""
    CrossOrigin(settings)
    make_callers(settings)
    limits_of(settings)
    if settings.rate_limit_storage:
        RedisCounts(settings.rate_limit_storage)
    for name in ("releases_uri", "prediction_log_uri"):
        _require_storage(name.upper(), getattr(settings, name) or "")
    return settings


def _require_storage(name: str, uri: str) -> None:
    protocol, remote, _ = uri.partition("://")
    if not remote or protocol == "file":
        return
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        raise WrongSetting(
            f"{name} begins with {protocol}://: {error}. Name a folder, or a URL of a storage "
            "that is installed, such as s3:// (package s3fs) or gs:// (gcsfs)."
        ) from None
