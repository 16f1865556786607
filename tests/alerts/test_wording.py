"""People read what happened; nobody reads a secret, and nobody is called who need not be."""

from dataclasses import replace

import pytest

from tests.alerts.alerts import a_record, an_alert
from titanic_assets.alerts.wording import as_message, presentable
from titanic_assets.settings import Settings

SECRET = "s3cr3t-of-the-bucket"  # noqa: S105 - of these tests


def test_what_the_environment_keeps_under_a_secrets_name_is_taken_out(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    alert = presentable(
        an_alert(
            key=f"k:{SECRET}", title=f"t {SECRET}", text=f"x {SECRET}", links={"Run": f"h/{SECRET}"}
        ),
        Settings(),
    )

    assert SECRET not in repr(alert)
    assert alert.title == "t ***"


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to postgresql://ann:{}@db:5432/ship",
        "https://{}@storage.example/list.csv is not there",
        "source postgresql://ann:{}@db:5432/ship#passengers",
    ],
)
def test_passwords_in_addresses_are_taken_out(text):
    settings = Settings(titanic_source=f"postgresql://ann:{SECRET}@db:5432/ship#passengers")

    assert SECRET not in presentable(an_alert(text=text.format(SECRET)), settings).text


def test_long_texts_are_cut():
    alert = presentable(an_alert(title="t\n" * 500, text="x" * 9000), Settings())

    assert len(alert.title) == 200
    assert len(alert.text) == 2500
    assert "\n" not in alert.title


def test_the_name_of_a_file_calls_nobody():
    record = replace(a_record(), alert=an_alert(text="<!channel>.csv @here @everyone a@b.de"))

    text = as_message(record, 0.0)

    assert "<" not in text
    assert "@here" not in text
    assert "@everyone" not in text
    assert "a@b.de" in text


def test_what_is_over_before_it_could_be_told_says_so():
    record = a_record(raised=0.0, over=3600.0)

    assert as_message(record, 7200.0).startswith(
        "[warning] alert 1 (1970-01-01 00:00 UTC, over since 1970-01-01 01:00 UTC)\n"
    )
