"""Which keys of a published set tokens may be signed with, and by which algorithms."""

from __future__ import annotations

from typing import Any

import jwt

from bento_service.guard.tokens import TokenKey

# By the kind of the key, never by what a token wants: checked by HS256, a public key would be a
# secret that everybody knows.
_BY_KIND: dict[Any, tuple[str, ...]] = {"RSA": ("RS256", "PS256")}
_BY_CURVE: dict[tuple[Any, Any], tuple[str, ...]] = {
    ("EC", "P-256"): ("ES256",),
    ("OKP", "Ed25519"): ("EdDSA",),
}


def named_keys(answer: Any) -> dict[str, dict[str, Any]]:
    """The keys by their ids, as published. An empty list is an answer: all are withdrawn."""
    keys = answer.get("keys")
    if not isinstance(keys, list):
        raise TypeError("the answer has no list `keys`")
    known = (key for key in keys if isinstance(key, dict))
    return {key["kid"]: key for key in known if isinstance(key.get("kid"), str)}


def usable_keys(named: dict[str, dict[str, Any]]) -> dict[str, TokenKey]:
    """Those that signatures can be checked with; a broken one leaves the others."""
    found = {name: _read(published) for name, published in named.items()}
    return {name: key for name, key in found.items() if key is not None}


def _read(published: dict[str, Any]) -> TokenKey | None:
    kind, curve, only = (published.get(name) for name in ("kty", "crv", "alg"))
    if published.get("use", "sig") != "sig":
        return None
    try:
        algorithms = _BY_KIND.get(kind) or _BY_CURVE.get((kind, curve), ())
        algorithms = tuple(name for name in algorithms if only in {None, name})
        if not algorithms:
            return None
        key = jwt.PyJWK(published, algorithms[0])
        too_weak = key.Algorithm.check_key_length(key.key)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None
    return None if too_weak else TokenKey(key.key, algorithms)
