"""Finds out before any worker starts which settings none of them could start with.

A worker that cannot start is started again and again, each time with a long trace in the log.
"""

from __future__ import annotations

from bento_service.guard.callers import make_callers
from bento_service.guard.cross_origin import CrossOrigin
from bento_service.guard.rate_limits import limits_of
from bento_service.guard.redis_counts import RedisCounts
from bento_service.settings import Settings, WrongSetting
from bento_service.shown import shown
from bento_service.storage import missing_storage


def checked(settings: Settings) -> Settings:
    """The same settings; raises `WrongSetting` if there is no starting with them."""
    CrossOrigin(settings)
    make_callers(settings)
    limits_of(settings)
    if settings.rate_limit_storage:
        RedisCounts(settings.rate_limit_storage)
    for name in ("releases_uri", "prediction_log_uri"):
        place = getattr(settings, name)
        if place and (problem := missing_storage(place)):
            raise WrongSetting(
                f"{name.upper()}={shown(place)!r}: {problem}. Name a folder, or a URL of a storage "
                "that is installed, such as s3:// (package s3fs) or gs:// (gcsfs)."
            )
    return settings
