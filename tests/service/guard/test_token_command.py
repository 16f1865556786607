import os
import subprocess
import sys
import time
from pathlib import Path

import jwt
import pytest

from bento_service.guard.callers import make_callers
from bento_service.http import Caller
from bento_service.settings import Settings
from tests.service.guard.asking import SECRET, ask

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def command(tmp_path):
    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "bento_service.token", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_token_is_all_that_goes_to_stdout_and_the_service_accepts_it(command):
    done = command(JWT_SECRET=SECRET)

    assert (done.returncode, done.stderr) == (0, "")
    token = done.stdout.removesuffix("\n")
    callers = make_callers(Settings(jwt_secret=SECRET))
    assert ask(callers, token) == Caller("somebody", frozenset({"predict"}))


def test_subject_scopes_and_length_can_be_chosen(command):
    arguments = ("--subject", "Zoë", "--scope", "predict", "admin", "--hours", "0.5")
    token = command(*arguments, JWT_SECRET=SECRET, JWT_ISSUER="me").stdout.strip()

    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="titanic-survival")
    assert (claims["sub"], claims["scope"], claims["iss"]) == ("Zoë", "predict admin", "me")
    assert 1750 < claims["exp"] - time.time() <= 1801


def test_the_secret_is_read_from_the_settings_file_behind_the_environment(command, tmp_path):
    (tmp_path / ".env").write_text(f"JWT_SECRET={SECRET}\nJWT_AUDIENCE=others\n")
    token = command().stdout.strip()
    assert jwt.decode(token, SECRET, algorithms=["HS256"], audience="others")

    other = SECRET[::-1]
    token = command(JWT_SECRET=other, JWT_AUDIENCE="mine").stdout.strip()
    assert jwt.decode(token, other, algorithms=["HS256"], audience="mine")


def test_without_a_secret_it_says_how_to_make_one(command):
    done = command()

    assert (done.returncode, done.stdout) == (2, "")
    assert "JWT_SECRET is not set" in done.stderr
    assert 'python -c "import secrets;' in done.stderr
    assert "Traceback" not in done.stderr


def test_where_others_issue_tokens_it_says_so(command):
    done = command(JWKS_URL="https://issuer.example/keys")

    assert (done.returncode, done.stdout) == (2, "")
    assert "JWKS_URL" in done.stderr


def test_a_secret_that_is_too_short_is_not_shown(command):
    done = command(JWT_SECRET="hunter2")  # noqa: S106  of the tests

    assert (done.returncode, done.stdout) == (2, "")
    assert "JWT_SECRET" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--hours", "169"),
        ("--hours", "0"),
        ("--hours", "nan"),
        ("--hours", "a day"),
        ("--scope", "everything"),
        ("--subject", ""),
        ("--subject", "x" * 129),
    ],
)
def test_what_the_service_would_refuse_is_not_issued(command, arguments):
    done = command(*arguments, JWT_SECRET=SECRET)

    assert (done.returncode, done.stdout) == (2, "")


def test_help_names_the_options(command):
    told = command("--help").stdout

    assert all(option in told for option in ("--subject", "--scope", "--hours"))
