"""The refusals of callers, with the header that tells clients how to do better (RFC 6750)."""

from __future__ import annotations

from bento_service.http import Refused

_CHALLENGE = 'Bearer realm="titanic-survival"'


def no_token(message: str) -> Refused:
    """401 for a request without a token."""
    return _unauthenticated(message, _CHALLENGE)


def wrong_token(message: str) -> Refused:
    """401 for a token that does not count. The message has neither quotes nor parts of it."""
    about = f'{_CHALLENGE}, error="invalid_token", error_description="{message}"'
    return _unauthenticated(message, about)


def not_allowed(needed: str) -> Refused:
    """403 for a caller whose token lacks a scope."""
    about = f'{_CHALLENGE}, error="insufficient_scope", scope="{needed}"'
    message = f"This needs a token with the scope `{needed}`, and yours does not have it."
    return Refused(403, "forbidden", message, headers=((b"www-authenticate", about.encode()),))


def keys_unavailable(seconds: float) -> Refused:
    """503 for a token that nobody can tell the worth of just now."""
    message = "The keys that tokens are checked with cannot be had just now. Try again shortly."
    wait = str(max(1, round(seconds))).encode()
    return Refused(503, "keys_unavailable", message, headers=((b"retry-after", wait),))


def _unauthenticated(message: str, challenge: str) -> Refused:
    headers = ((b"www-authenticate", challenge.encode()),)
    return Refused(401, "unauthenticated", message, headers=headers)
