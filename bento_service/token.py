"""Issue a token for trying: `make token`, or `python -m bento_service.token`.

Signed with the service's own JWT_SECRET; who publishes keys at JWKS_URL issues tokens there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
from dotenv import dotenv_values

from bento_service.guard.tokens import SUBJECT_RULE, is_subject
from bento_service.settings import Settings, WrongSetting, load_settings

_SCOPES = ("predict", "admin")
_LONGEST_HOURS = 168.0
_HOW_TO_MAKE_ONE = (
    "JWT_SECRET is not set, neither in the environment nor in .env. Make one and write it to .env "
    "as JWT_SECRET=...:\n"
    '    python -c "import secrets; print(secrets.token_urlsafe(32))"'
)


def issue(settings: Settings, subject: str, scopes: Sequence[str], hours: float) -> str:
    """A token that the service accepts for so long."""
    if settings.jwks_url:
        raise WrongSetting("JWKS_URL is set: tokens come from whoever publishes keys there")
    if settings.jwt_secret is None:
        raise WrongSetting(_HOW_TO_MAKE_ONE)
    now = int(time.time())
    claims = {
        "sub": subject,
        "aud": settings.jwt_audience,
        "scope": " ".join(dict.fromkeys(scopes)),
        "iat": now,
        "exp": now + round(hours * 3600),
    }
    if settings.jwt_issuer:
        claims["iss"] = settings.jwt_issuer
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a token to stdout, and everything else to stderr."""
    asked = _parser().parse_args(arguments)
    try:
        token = issue(_settings(), asked.subject, asked.scope, asked.hours)
    except WrongSetting as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    sys.stdout.write(f"{token}\n")
    return 0


def _settings() -> Settings:
    """As the service reads them, with `.env` behind the environment."""
    for name, value in dotenv_values(Path(".env")).items():
        if value and not os.environ.get(name):
            os.environ[name] = value
    return load_settings()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bento_service.token", description="Issue a token for trying."
    )
    parser.add_argument(
        "--subject", type=_subject, default="somebody", help="who it is for (default: %(default)s)"
    )
    parser.add_argument(
        "--scope",
        nargs="+",
        choices=_SCOPES,
        default=["predict"],
        help="what it allows (default: predict)",
    )
    parser.add_argument(
        "--hours",
        type=_hours,
        default=1.0,
        help=f"how long it counts, {_LONGEST_HOURS:g} at most (default: 1)",
    )
    return parser


def _subject(text: str) -> str:
    if not is_subject(text):
        raise argparse.ArgumentTypeError(SUBJECT_RULE)
    return text


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.001 <= hours <= _LONGEST_HOURS:
        raise argparse.ArgumentTypeError(f"has to be a number up to {_LONGEST_HOURS:g}")
    return hours


if __name__ == "__main__":
    sys.exit(main())
