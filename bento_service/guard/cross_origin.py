"""Which pages of other origins may call the API from a browser (CORS)."""

from __future__ import annotations

import re

from bento_service.http import TEXT, Answer, Headers, Refused
from bento_service.settings import Settings, WrongSetting

_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?")
_NONE: Headers = ()
_VARY: tuple[bytes, bytes] = (b"vary", b"origin")
_READABLE = (
    b"access-control-expose-headers",
    b"x-request-id, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
)
_PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"GET, POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, accept, x-request-id, x-caller-key, traceparent",
    ),
    (b"access-control-max-age", b"600"),
)


class CrossOrigin:
    """The origins of the setting, compared as they are written; there is no `*`."""

    def __init__(self, settings: Settings) -> None:
        written = [part.strip() for part in settings.cors_origins.split(",")]
        origins = [origin.rstrip("/").lower() for origin in written if origin]
        wrong = [origin for origin in origins if not _ORIGIN.fullmatch(origin)]
        if wrong:
            raise WrongSetting(
                f"CORS_ORIGINS has {wrong[0]!r}: name each origin as https://example.com[:port]"
            )
        self._allowed: dict[bytes, Headers] = {
            origin.encode(): ((b"access-control-allow-origin", origin.encode()), _READABLE, _VARY)
            for origin in origins
        }
        self._others: Headers = (_VARY,) if origins else _NONE

    def headers(self, headers: dict[bytes, bytes]) -> Headers:
        """What an answer says about who may read it."""
        if not self._allowed:
            return _NONE
        return self._allowed.get(headers.get(b"origin", b""), self._others)

    def preflight(self, method: str, headers: dict[bytes, bytes]) -> Answer | None:
        """The answer to a browser that asks before it calls; None for any other request.

        It gets what `headers` says besides, as every answer does: browsers refuse it said twice.
        """
        if method != "OPTIONS" or not self._allowed:
            return None
        if b"access-control-request-method" not in headers or b"origin" not in headers:
            return None
        if headers[b"origin"] not in self._allowed:
            raise Refused(
                403,
                "forbidden",
                "Pages of this origin may not call the API: CORS_ORIGINS does not name it.",
            )
        return Answer(b"", status=204, content_type=TEXT, headers=_PREFLIGHT)
