"""What a token has to be, and who it says is asking. All reading of tokens is PyJWT's."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from jwt.exceptions import InvalidSubjectError

from bento_service.guard.refusals import wrong_token
from bento_service.http import Caller, Refused

# An issuer's clock may be ahead of ours by so much; past its end a token has no grace.
_CLOCK_SKEW_SECONDS = 5
_LONGEST_SUBJECT = 128

_READER = jwt.PyJWT(options={"enforce_minimum_key_length": True})

_MALFORMED = "The token is malformed: it is not a signed JWT of three base64url parts."
_EXPIRED = "The token has expired: get a new one."
SUBJECT_RULE = f"The token's subject (sub) has to be 1 to {_LONGEST_SUBJECT} printable characters."
# The first that fits counts: some of these are kinds of the later ones.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, _EXPIRED),
    (jwt.ImmatureSignatureError, "The token is not valid yet (nbf or iat lies ahead)."),
    (jwt.InvalidAudienceError, "The token is for somebody else: its audience (aud) is another."),
    (jwt.InvalidIssuerError, "The token is from somebody else: its issuer (iss) is another."),
    (jwt.InvalidAlgorithmError, "The token is signed by an algorithm that is not accepted."),
    (jwt.InvalidSignatureError, "The token's signature is wrong."),
    (InvalidSubjectError, SUBJECT_RULE),
)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key that signatures are checked with, and the algorithms that go with it."""

    key: Any = field(repr=False)
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom a token has to be for, and from."""

    audience: str
    issuer: str | None


def is_subject(text: str) -> bool:
    """Whether a caller may be called so: in logs, in counts, in a split."""
    return 0 < len(text) <= _LONGEST_SUBJECT and text.isprintable() and bool(text.strip())


def key_id(token: bytes) -> str | None:
    """The key that the token says it is signed with, unchecked."""
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise _refusal(error) from None
    return named if isinstance(named, str) else None


def read_token(token: bytes, key: TokenKey, expected: Expected) -> tuple[Caller, float]:
    """Who is asking, and until when the token says so (seconds since 1970)."""
    try:
        claims = _READER.decode(
            token,
            key.key,
            algorithms=key.algorithms,
            audience=expected.audience,
            issuer=expected.issuer,
            leeway=_CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise _refusal(error) from None
    until = int(claims["exp"])
    if until <= time.time():
        raise wrong_token(_EXPIRED)
    subject = claims["sub"]
    if not is_subject(subject):
        raise wrong_token(SUBJECT_RULE)
    return Caller(subject, _scopes(claims)), until


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """Both ways of writing them: one text with spaces (RFC 8693), or a list."""
    text, listed = claims.get("scope"), claims.get("scopes")
    words = text.split() if isinstance(text, str) else []
    others = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    return frozenset((*words, *others))


def _refusal(error: jwt.PyJWTError) -> Refused:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return wrong_token(f"The token lacks the claim `{error.claim}`.")
    reason = next((text for kind, text in _REASONS if isinstance(error, kind)), _MALFORMED)
    return wrong_token(reason)
