import re

from bento_service.settings import Settings as ServiceSettings
from titanic_assets.settings import CHECKOUT, Settings

EXAMPLE = (CHECKOUT / ".env.example").read_text()
FIELDS = {**Settings.model_fields, **ServiceSettings.model_fields}


def flat(text):
    return " ".join(text.replace("#", " ").split())


def test_the_example_lists_every_setting_and_no_other():
    listed = re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.MULTILINE)

    assert listed == [name.upper() for name in FIELDS]


def test_the_example_has_the_words_of_the_settings():
    missing = [
        name for name, field in FIELDS.items() if flat(field.description) not in flat(EXAMPLE)
    ]

    assert missing == []


def test_the_values_in_the_example_are_the_defaults(monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    for name, value in re.findall(r"^# ([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE):
        monkeypatch.setenv(name, value)

    assert ServiceSettings() == ServiceSettings.model_construct()
    assert Settings().places == Settings.model_construct().places
    assert Settings().model_copy(update={"titanic_home": None}) == (
        Settings.model_construct().model_copy(update={"titanic_home": None})
    )
