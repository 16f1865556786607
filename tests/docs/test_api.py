"""docs/api.md is run: its commands against the real service, its Python as it stands."""

import json
import re
import shlex
import subprocess
import sys

import pytest

from bento_service.operations import REFUSALS
from tests.docs.pages import PAGES
from tests.service.releases import a_release, publish
from tests.service.serving import start_service
from titanic_assets.settings import CHECKOUT

API = PAGES["docs/api.md"]
SHOWN = "http://localhost:8000"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    home = tmp_path_factory.mktemp("service")
    publish(home / "releases", a_release("1", "logistic"))
    service = start_service(home / "running", releases_uri=home / "releases")
    yield service.url
    service.stop()


def exchanges():
    """Each command that is shown, with the answer shown below it."""
    for block in API.blocks("console"):
        yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


def shape(value):
    """The structure of an answer: which keys, which types; texts and numbers may differ."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize(
    ("command", "shown"), [each for each in exchanges() if "/passengers/" not in each[0]]
)
def test_a_command_gets_the_answer_that_is_shown(api, command, shown):
    words = [word.replace(SHOWN, api) for word in shlex.split(command)]
    answer = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    if shown.startswith("{"):
        assert shape(json.loads(answer)) == shape(json.loads(shown))
    else:
        numbers = re.compile(r"\d\.\d+")
        assert numbers.sub("", answer).split() == numbers.sub("", shown).split()


@pytest.mark.parametrize("program", API.blocks("python"))
def test_a_program_does_what_it_says(api, program):
    ran = subprocess.run(
        [sys.executable, "-c", program.replace(SHOWN, api)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_every_kind_of_refusal_is_listed():
    lines = ["| status | type | what |", "|---|---|---|"]
    lines += [f"| {status} | `{kind}` | {text} |" for kind, (status, text) in REFUSALS.items()]
    assert API.between("refusals") == "\n".join(lines) + "\n"
