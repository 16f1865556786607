import re
import tomllib

from bento_service.settings import Settings as ServiceSettings
from tests.docs.pages import PAGES
from titanic_assets.settings import CHECKOUT, Settings

MAKEFILE = (CHECKOUT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
SETTINGS = {name.upper() for name in Settings.model_fields | ServiceSettings.model_fields}
README = PAGES["README.md"]


def commands(page):
    """Lines to be typed, and commands named in the text."""
    typed = [line for block in page.blocks("bash") for line in block.splitlines()]
    typed += re.findall(r"^\$ (.*)$", "\n".join(page.blocks("console")), re.MULTILINE)
    return typed + re.findall(r"`([^`\n]+)`", page.prose)


def test_every_target_that_is_named_exists(page):
    named = {m[1] for c in commands(page) if (m := re.match(r"make ([a-z-]+)", c))}
    assert named <= TARGETS


def test_every_target_is_in_the_readme():
    table = re.findall(r"^\| `make ([a-z-]+)` \|", README.text, re.MULTILINE)
    assert sorted(table) == sorted(TARGETS - {"help"})


def test_what_is_set_behind_a_target_is_a_setting(page):
    behind = {
        name
        for command in commands(page)
        if command.startswith("make ")
        for name in re.findall(r"([A-Z_]+)=", command)
    }
    assert behind <= SETTINGS | {"ARGS", "FROM", "TAG", "TO", "VERSION", "WHY"}


def test_files_that_are_to_be_copied_are_there(page):
    for command in commands(page):
        if command.startswith("cp "):
            source, target = command.split()[1:]
            assert (CHECKOUT / source).is_file()
            assert target == f"{Settings().places.landing.relative_to(CHECKOUT)}/"


def test_scripts_that_are_named_are_there(page):
    named = re.findall(r"`(?:\.venv/bin/python )?((?:\w+/)+\w+\.py)`", page.prose)
    assert [name for name in named if not (CHECKOUT / name).is_file()] == []


def test_the_readme_names_the_pythons_that_will_do():
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.14"
    assert "Python 3.11 to 3.13" in README.text
