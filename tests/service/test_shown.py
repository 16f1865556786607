"""What of an address may be seen, in whatever text it stands."""

import pytest

from bento_service.shown import shown


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://host:8080/path", "https://host:8080/path"),
        ("s3://bucket/releases", "s3://bucket/releases"),
        ("/srv/releases", "/srv/releases"),
        ("https://ann:hush@host/path", "https://***@host/path"),
        ("redis://:hush@host:6379/0", "redis://***@host:6379/0"),
        ("https://ann:hu/sh@host/path", "https://***@host/path"),
        ("https://ann:hu@sh@host/path", "https://***@host/path"),
        ("https://ann:hu?sh@host/path", "https://***@host/path"),
        ("https://ann:hu sh@host/path", "https://***@host/path"),
        ("ann:hush@host", "***@host"),
        ("https://host/path?key=hush&more", "https://host/path?***"),
    ],
)
def test_user_password_and_query_are_left_out(address, seen):
    assert shown(address) == seen


def test_they_are_left_out_of_a_message_too():
    said = "FileNotFoundError('https://ann:hush@host/current.json?key=hush')"

    assert shown(said) == "FileNotFoundError('https://***@host/current.json?***"
    assert shown("it is not there. Why?") == "it is not there. Why?"
    assert "hush" not in shown("nonnumeric port: 'hush@host'")
