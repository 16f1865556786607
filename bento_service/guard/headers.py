"""What browsers are told about each kind of answer, ready to be sent."""

from __future__ import annotations

from bento_service.http import Headers

_ALWAYS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

# Answers of the API are read by programs: a browser that shows one runs and frames nothing.
API_HEADERS: Headers = (
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)

# The page and its files: all from here, nothing inline. `data:` is for small pictures.
PAGE_HEADERS: Headers = (
    *_ALWAYS,
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
            b"form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
)

# BentoML's Swagger page and its files. Its styles are written inline and its pictures are data; its
# one inline script fetches a tracker from a foreign host, and nothing misses it: it stays blocked.
DOCS_HEADERS: Headers = (
    *_ALWAYS,
    (
        b"content-security-policy",
        (
            b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
)
